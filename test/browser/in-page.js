/** What tests ask the page itself, evaluated in the browser. */
globalThis.looks = { beyondTheScreen, faintTexts, breakIn };

/** What reaches beyond an edge of the screen though nothing around it cuts it. */
function beyondTheScreen() {
  const isCut = (element) => {
    for (let one = element.parentElement; one.tagName !== "MAIN"; one = one.parentElement) {
      if (getComputedStyle(one).overflowX !== "visible") return true;
    }
    return false;
  };
  const found = [];
  for (const element of document.querySelectorAll("main *")) {
    const { right, left, width } = element.getBoundingClientRect();
    if (width === 0 || element.closest(".tip, svg, .bands b, .days b") !== null || isCut(element)) continue;
    if (right > innerWidth + 0.5 || left < -0.5)
      found.push(`${element.tagName}.${element.className} ${left} to ${right}`);
  }
  return found;
}

/** Texts whose color has a contrast below 4.5 to what they stand on (WCAG 2, AA). */
function faintTexts() {
  const luminance = (color) => {
    const [red, green, blue] = color.match(/[\d.]+/g).map((channel) => {
      const share = Number(channel) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (backgroundColor.startsWith("rgb(")) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const found = new Set();
  const texts = "h1,h2,h3,h4,p,small,th,td,.num,dt,dd,footer,summary,a,.def>button,.ticks span,.dates span";
  for (const element of document.querySelectorAll(texts)) {
    if (element.textContent.trim() === "" || element.getClientRects().length === 0) continue;
    const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) found.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`);
  }
  return [...found];
}

/** As if somebody had got markup into the page. */
function breakIn() {
  const script = document.createElement("script");
  script.textContent = "document.title = 'owned'";
  const picture = document.createElement("img");
  picture.src = "https://127.0.0.1:9/x.png";
  document.body.append(script, picture);
}
