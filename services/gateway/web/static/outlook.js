// Draws the forecast of this and the next quarters with ECharts; the table below it says the same in words.
(() => {
  "use strict";
  const MOST_BAR = 44; // px
  const LEAST_BAR = 14; // px: narrower ones make no room for the labels beside them
  const AROUND = 24; // px: from the bar to its label and on to the next bar's marks
  const main = document.getElementById("main");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let chart = null;
  let place = null; // the element drawn into
  let drawn = ""; // the data drawn

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function bars(name, stack, data) {
    return { name, type: "bar", stack, barGap: "-100%", data, silent: true };
  }

  function marks(name, data, width, height) {
    return { name, type: "line", data, lineStyle: { width: 0 }, symbol: "rect", symbolSize: [width, height], silent: true };
  }

  // How wide a bar can be so that the label beside it ends before the next; labels go where that is too little.
  function room(texts, axis, width, count, font) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = font;
    const widest = Math.max(0, ...texts.map((text) => pen.measureText(text).width)) + AROUND;
    const slot = (width - pen.measureText(axis).width - AROUND - widest / 2) / count; // the last label takes half its own
    const labelled = slot - widest >= LEAST_BAR;
    const bar = Math.round(Math.min(MOST_BAR, labelled ? slot - widest : slot / 2));
    return { bar, labelled, right: labelled ? Math.max(4, Math.ceil(widest - (slot - bar) / 2)) : 4 };
  }

  // Amounts as the reader wants them: in their unit, else each in short.
  function moneyIn(currency, unit) {
    const { lang } = document.documentElement;
    if (!unit) return new Intl.NumberFormat(lang, { style: "currency", currency, notation: "compact", maximumSignificantDigits: 3 });
    const plain = new Intl.NumberFormat(lang, { style: "currency", currency, minimumFractionDigits: 0, maximumFractionDigits: unit.places });
    return { format: (value) => plain.format(value / unit.size) + unit.suffix };
  }

  function options({ currency, unit, quarters }, width) {
    const money = moneyIn(currency, unit);
    const of = (name) => quarters.map((quarter) => quarter[name]);
    const spread = quarters.map(({ p10, p90 }) => (p10 === null ? null : p90 - p10));
    const text = { color: color("muted"), fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily };
    const largest = Math.max(...quarters.flatMap(({ p90, quota, booked }) => [p90 ?? 0, quota ?? 0, booked ?? 0]));
    const labels = of("mean").map((value) => (value === null ? "" : money.format(value)));
    const font = `${text.fontSize}px ${text.fontFamily}`;
    const { bar, labelled, right } = room(labels, money.format(largest), width, quarters.length, font);
    return {
      animation: !calm.matches && !paper.matches, animationDuration: 300, animationDurationUpdate: 300,
      grid: { left: 4, right, top: 12, bottom: 0, containLabel: true },
      xAxis: {
        type: "category", data: of("period"), axisLabel: { ...text, interval: 0 }, axisTick: { show: false },
        axisLine: { lineStyle: { color: color("line") } },
      },
      yAxis: {
        type: "value", splitNumber: 3, axisLabel: { ...text, formatter: (value) => money.format(value) },
        splitLine: { lineStyle: { color: color("line") } },
      },
      series: [
        { ...bars("booked", "booked", of("booked")), barWidth: bar, itemStyle: { color: color("accent") } },
        { ...bars("below", "range", of("p10")), barWidth: bar, itemStyle: { color: "transparent" } },
        { ...bars("range", "range", spread), barWidth: bar, itemStyle: { color: color("span") } },
        { ...marks("quota", of("quota"), bar + 16, 3), itemStyle: { color: color("quota") } },
        {
          ...marks("middle", of("mean"), bar + 6, 3), itemStyle: { color: color("text") },
          label: {
            ...text, show: labelled, position: "right", color: color("text"),
            formatter: ({ value }) => (value === null || value === undefined ? "" : money.format(value)),
          },
        },
      ],
    };
  }

  function draw(again) {
    const found = document.getElementById("outlook");
    if (found !== place) {
      chart?.dispose();
      resized.disconnect();
      [chart, place, drawn] = [null, found, ""];
      if (found) resized.observe(found);
    }
    if (!place || (!again && place.dataset.outlook === drawn)) return;
    drawn = place.dataset.outlook;
    chart ??= echarts.init(place.appendChild(document.createElement("div")));
    chart.setOption(options(JSON.parse(drawn), place.clientWidth), { replaceMerge: ["series"] });
  }

  const resized = new ResizeObserver(() => {
    chart?.resize();
    draw(true);
  });
  new MutationObserver(() => draw(false)).observe(main, {
    attributes: true, attributeFilter: ["data-outlook"], childList: true, subtree: true,
  });
  for (const look of [dark, paper]) look.addEventListener("change", () => draw(true));
  draw(false);
})();
