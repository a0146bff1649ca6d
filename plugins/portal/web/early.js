// Runs before the first paint: language and theme as the person chose them, so that nothing flashes.
(function () {
  var root = document.documentElement;
  var kept = function (key) {
    try {
      return window.localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  var theme = kept('portico.theme');
  if (theme === 'light' || theme === 'dark') root.setAttribute('data-theme', theme);
  var language = kept('portico.language');
  if (language !== 'en' && language !== 'ja') {
    language = 'en';
    var wanted = navigator.languages || [];
    for (var i = 0; i < wanted.length; i += 1) {
      var base = String(wanted[i]).slice(0, 2).toLowerCase();
      if (base === 'en' || base === 'ja') {
        language = base;
        break;
      }
    }
  }
  root.setAttribute('lang', language);
})();
