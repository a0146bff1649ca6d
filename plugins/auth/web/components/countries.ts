// Countries by code, named by the browser in the reader's language; prefectures of Japan in both.
import type { Language } from '@portico/web';

const kCodes =
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW';

const kPrefectures =
  'Hokkaido 北海道,Aomori 青森県,Iwate 岩手県,Miyagi 宮城県,Akita 秋田県,Yamagata 山形県,Fukushima 福島県,Ibaraki 茨城県,Tochigi 栃木県,Gunma 群馬県,Saitama 埼玉県,Chiba 千葉県,Tokyo 東京都,Kanagawa 神奈川県,Niigata 新潟県,Toyama 富山県,Ishikawa 石川県,Fukui 福井県,Yamanashi 山梨県,Nagano 長野県,Gifu 岐阜県,Shizuoka 静岡県,Aichi 愛知県,Mie 三重県,Shiga 滋賀県,Kyoto 京都府,Osaka 大阪府,Hyogo 兵庫県,Nara 奈良県,Wakayama 和歌山県,Tottori 鳥取県,Shimane 島根県,Okayama 岡山県,Hiroshima 広島県,Yamaguchi 山口県,Tokushima 徳島県,Kagawa 香川県,Ehime 愛媛県,Kochi 高知県,Fukuoka 福岡県,Saga 佐賀県,Nagasaki 長崎県,Kumamoto 熊本県,Oita 大分県,Miyazaki 宮崎県,Kagoshima 鹿児島県,Okinawa 沖縄県'
    .split(',')
    .map((pair) => pair.split(' ') as [en: string, ja: string]);

export function countryOptions(language: Language): [code: string, name: string][] {
  const names = new Intl.DisplayNames(language, { type: 'region' });
  const sorted = kCodes
    .split(' ')
    .map((code): [string, string] => [code, names.of(code) ?? code])
    .sort((a, b) => a[1].localeCompare(b[1], language));
  // Most customers live here: no scrolling for them.
  return [['JP', names.of('JP') ?? 'JP'], ...sorted.filter(([code]) => code !== 'JP')];
}

export function countryName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Prefectures as options; a value that billing holds in another spelling stays choosable as it is. */
export function prefectureOptions(language: Language, current: string): [value: string, name: string][] {
  const options = kPrefectures.map(([en, ja]): [string, string] =>
    // Billing may hold the Japanese name: that spelling is kept then.
    [current === ja ? ja : en, language === 'ja' ? ja : en],
  );
  return current === '' || options.some(([value]) => value === current)
    ? options
    : [[current, current], ...options];
}

export function stateName(state: string, language: Language): string {
  const found = kPrefectures.find(([en, ja]) => en === state || ja === state);
  return found ? found[language === 'ja' ? 1 : 0] : state;
}
