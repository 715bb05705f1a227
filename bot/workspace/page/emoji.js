// The short names that apps and people use most.

const NAMES = {
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵",
  white_circle: "⚪", black_circle: "⚫", large_purple_circle: "🟣", rotating_light: "🚨", warning: "⚠️", no_entry: "⛔",
  no_entry_sign: "🚫", octagonal_sign: "🛑", stop_sign: "🛑", shield: "🛡️", lock: "🔒", unlock: "🔓", key: "🔑", closed_lock_with_key: "🔐",
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", heavy_multiplication_x: "✖️", question: "❓",
  grey_question: "❔", exclamation: "❗", bangbang: "‼️", information_source: "ℹ️", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  alarm_clock: "⏰", stopwatch: "⏱️", timer_clock: "⏲️", clock1: "🕐", bell: "🔔", no_bell: "🔕", loudspeaker: "📢", mega: "📣", eyes: "👀",
  eye: "👁️", mag: "🔍", mag_right: "🔎", bug: "🐛", fire: "🔥", boom: "💥", zap: "⚡", bomb: "💣", skull: "💀", ghost: "👻",
  robot_face: "🤖", computer: "💻", desktop_computer: "🖥️", file_folder: "📁", page_facing_up: "📄", clipboard: "📋", pushpin: "📌",
  round_pushpin: "📍", link: "🔗", chains: "⛓️", paperclip: "📎", wrench: "🔧", hammer: "🔨", gear: "⚙️", package: "📦", inbox_tray: "📥",
  outbox_tray: "📤", email: "📧", envelope: "✉️", chart_with_upwards_trend: "📈", bar_chart: "📊", globe_with_meridians: "🌐",
  earth_africa: "🌍", earth_americas: "🌎", bust_in_silhouette: "👤", busts_in_silhouette: "👥", detective: "🕵️", cop: "👮", wave: "👋",
  pray: "🙏", clap: "👏", raised_hands: "🙌", muscle: "💪", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", ok_hand: "👌",
  point_right: "👉", raised_hand: "✋", tada: "🎉", sparkles: "✨", star: "⭐", heart: "❤️", rocket: "🚀", bulb: "💡", memo: "📝",
  speech_balloon: "💬", thought_balloon: "💭", smile: "😄", slightly_smiling_face: "🙂", joy: "😂", sweat_smile: "😅", thinking_face: "🤔",
  cry: "😢", scream: "😱", sunglasses: "😎", wink: "😉", "100": "💯", checkered_flag: "🏁", triangular_flag_on_post: "🚩", recycle: "♻️",
  arrows_counterclockwise: "🔄", arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", leftwards_arrow_with_hook: "↩️",
  small_red_triangle: "🔺", small_blue_diamond: "🔹", small_orange_diamond: "🔸", black_small_square: "▪️", heavy_minus_sign: "➖",
};

export const QUICK = ["eyes", "white_check_mark", "+1", "thinking_face", "rotating_light", "tada"];

export function emoji(name) {
  return Object.hasOwn(NAMES, name) ? NAMES[name] : null;
}
