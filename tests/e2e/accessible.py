# SPDX-License-Identifier: EUPL-1.2
"""What can be said of a page's accessibility without a person: names and roles as the browser gives
them to a screen reader, structure, and the contrast of texts as they are painted (WCAG 2.2: 1.3.1,
1.4.3, 2.4.6, 2.5.8, 4.1.2)."""

NAMED = {"button", "link", "textbox", "combobox", "checkbox", "table", "region", "navigation",
         "image", "heading", "form", "DisclosureTriangle"}

STRUCTURE = """
    const faults = [];
    const visible = (all) => [...document.querySelectorAll(all)].filter((e) => e.checkVisibility());
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    if (new Set(ids).size !== ids.length) faults.push('an id stands there twice');
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls',
        'aria-errormessage']) {
      for (const one of document.querySelectorAll(`[${name}]`)) {
        for (const id of one.getAttribute(name).split(' ')) {
          if (document.getElementById(id) === null) faults.push(`${name} of nothing: ${id}`);
        }
      }
    }
    for (const landmark of ['header', 'nav', 'main', 'footer']) {
      if (visible(landmark).length < 1) faults.push(`no ${landmark}`);
    }
    if (visible('main').length !== 1) faults.push('not one main');
    if (visible('h1').length !== 1) faults.push('not one h1');
    let level = 0;
    for (const heading of visible('h1, h2, h3, h4, h5')) {
      const now = Number(heading.tagName[1]);
      if (now > level + 1) faults.push(`a heading skips a level: ${heading.innerText}`);
      level = now;
    }
    for (const table of visible('table')) {
      if (table.caption === null || table.caption.innerText === '') faults.push('no caption');
      for (const head of table.querySelectorAll('thead th')) {
        if (head.scope !== 'col' || head.innerText === '') faults.push('a column without a name');
      }
      for (const row of table.querySelectorAll('tbody tr:not(.details)')) {
        if (row.querySelector('th[scope=row]') === null) faults.push('a row without a name');
      }
    }
    for (const input of visible('input, select, textarea')) {
      if (input.labels.length !== 1) faults.push(`no label: ${input.outerHTML}`);
      if (input.name !== '') faults.push('a name, which would put it in a URL');
    }
    for (const one of visible('button, input, select, nav a')) {
      const {width, height} = one.getBoundingClientRect();
      if (width < 24 || height < 24) faults.push(`too small: ${one.outerHTML}`);
    }
    if (!document.documentElement.lang || document.title === '') faults.push('no language or title');
    return faults;
"""

CONTRAST = """
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const parse = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const light = ([r, g, b]) => {
      const part = (n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = parse(getComputedStyle(at).backgroundColor);
        if (color[3] === 1) return color;
        if (color[3] > 0) throw new Error('half transparent: ' + at.outerHTML);
      }
      return parse(getComputedStyle(document.documentElement).colorScheme.includes('dark') ?
        '#000' : '#fff');
    };
    const faults = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()) !== null;) {
      const element = node.parentElement;
      if (node.textContent.trim() === '' || !element.checkVisibility() ||
          element.closest('noscript, script, .skip, option') !== null) continue;
      const style = getComputedStyle(element);
      const isDrawn = element.namespaceURI.endsWith('svg');
      if (isDrawn && ['title', 'desc'].includes(element.tagName)) continue;
      const pair = [light(parse(isDrawn ? style.fill : style.color)), light(behind(element))];
      const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      if (ratio < 4.5) faults.push([node.textContent.trim(), ratio]);
    }
    return faults;
"""


def unnamed(browser):
    """What a screen reader would meet without a name."""
    nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    faults = []
    for node in nodes:
        role = node.get("role", {}).get("value")
        name = node.get("name", {}).get("value", "").strip()
        if not node.get("ignored") and role in NAMED and name == "":
            faults.append(f"{role} without a name")
    return faults


def check_view(browser):
    """What is wrong with the page as it stands there."""
    return browser.run(STRUCTURE) + unnamed(browser)


def contrast_faults(browser):
    """[text, ratio] of texts that have less than 4.5 to 1 with what is behind them."""
    return browser.run(CONTRAST)
