// Language and appearance, chosen by the reader and kept.
import { useLanguage, useText } from '@portico/web';
import { setLanguage, setTheme, type Theme, useTheme } from '@portico/web/shell';
import { useId } from 'react';
import { messages } from '../messages';

/** Names the other language in that language, for those who cannot read this one. */
export function LanguageSwitch() {
  const text = useText(messages);
  const other = useLanguage() === 'en' ? 'ja' : 'en';
  return (
    <button
      type="button"
      lang={other}
      title={text('switch_language')}
      className="nav-link"
      onClick={() => setLanguage(other)}
    >
      {other === 'ja' ? '日本語' : 'English'}
    </button>
  );
}

const kThemes = ['system', 'light', 'dark'] as const satisfies readonly Theme[];

export function ThemeSwitch() {
  const text = useText(messages);
  const theme = useTheme();
  const group = useId();
  return (
    <fieldset className="choices">
      <legend className="sr-only">{text('theme')}</legend>
      {kThemes.map((choice) => (
        <label key={choice} className="choice">
          <input
            type="radio"
            name={group}
            value={choice}
            checked={theme === choice}
            onChange={() => setTheme(choice)}
            className="sr-only"
          />
          {text(`theme_${choice}`)}
        </label>
      ))}
    </fieldset>
  );
}
