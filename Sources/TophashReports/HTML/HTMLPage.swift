/// What every page has: how it looks, and the search.
enum HTMLPage {
  /// Colours are pairs for light and dark, of which the browser takes the one that its user wants.
  static let style = """
    :root {
      color-scheme: light dark;
      --page: light-dark(#ffffff, #14171c);
      --card: light-dark(#f6f7f9, #1c2128);
      --ink: light-dark(#1b1f24, #e4e8ee);
      --faint: light-dark(#5b6470, #98a2b0);
      --line: light-dark(#d8dce2, #333b46);
      --alarm: light-dark(#b3161f, #ff7b81);
      --doubt: light-dark(#8a5a00, #e9b44c);
      --first: light-dark(#0b5cad, #6cb2ff);
      --second: light-dark(#7b2fa8, #d29bf5);
      --hit: light-dark(#fff1c9, #4a3d14);
    }
    :root:has(#theme-light:checked) { color-scheme: light; }
    :root:has(#theme-dark:checked) { color-scheme: dark; }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--ink);
      font: 15px/1.5 system-ui, sans-serif; }
    header, main, footer { max-width: 76rem; margin: 0 auto; padding: 1rem 1.5rem; }
    main { padding-block: 0; }
    h1 { font-size: 1.5rem; margin: 0; }
    h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
    h3 { font-size: 1rem; margin: 0 0 .75rem; }
    h4 { font-size: .9rem; margin: 0 0 .5rem; font-weight: 600; }
    code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .86em;
      overflow-wrap: anywhere; }
    .brand { color: var(--faint); font-weight: 400; }
    .command { margin: .25rem 0; color: var(--faint); }
    .count { color: var(--faint); font-weight: 400; font-size: .9rem; margin-left: .75rem; }
    .controls { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center;
      margin-top: .75rem; padding: .5rem 0; border-block: 1px solid var(--line); }
    .theme { border: 0; margin: 0 0 0 auto; padding: 0; display: flex; gap: .75rem; }
    .theme legend { float: left; color: var(--faint); padding: 0 .75rem 0 0; }
    input[type=search] { font: inherit; padding: .2rem .5rem; min-width: 16rem; color: inherit;
      background: var(--card); border: 1px solid var(--line); border-radius: 4px; }
    article { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
      border-left: 4px solid var(--faint); padding: 1rem 1.25rem; margin: .75rem 0; }
    article.caught { border-left-color: var(--alarm); }
    article.unordered { border-left-color: var(--doubt); }
    .caught .grade { color: var(--alarm); }
    .unordered .grade { color: var(--doubt); }
    .note { color: var(--faint); margin: 0 0 .5rem; }
    .sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr));
      gap: 1.25rem; margin: 1rem 0; }
    .side { border-top: 3px solid var(--first); padding-top: .5rem; min-width: 0; }
    .side + .side { border-top-color: var(--second); }
    .owner { color: var(--first); }
    .side + .side .owner { color: var(--second); }
    .excerpt { background: var(--page); border: 1px solid var(--line); border-radius: 4px;
      margin: 0 0 .5rem; padding: .4rem 0; overflow-x: auto; tab-size: 4; }
    .excerpt .line { display: block; padding: 0 .6rem; min-width: max-content; }
    .excerpt .hit { background: var(--hit); }
    .number { color: var(--faint); user-select: none; }
    .stack, .stack ol { list-style: none; margin: 0; padding: 0; }
    .stack li { padding: .1rem 0; }
    .stack ol { padding-left: 1rem; }
    .place, .runtime { color: var(--faint); font-size: .86em; overflow-wrap: anywhere; }
    summary { cursor: pointer; }
    .timeline { width: 100%; border-spacing: 0; table-layout: fixed; background: var(--page);
      border: 1px solid var(--line); }
    .timeline caption { text-align: left; color: var(--faint); font-size: .86em; padding: .25rem 0; }
    .timeline th, .timeline td { text-align: left; padding: .2rem .75rem; vertical-align: top;
      border-left: 6px solid transparent; }
    .timeline th:nth-child(1), .timeline td:nth-child(1) { border-right: 1px dashed var(--line); }
    .timeline th { border-bottom: 1px solid var(--line); color: var(--first); }
    .timeline th + th { color: var(--second); }
    .timeline .call { color: var(--faint); }
    .timeline .open { border-left-color: var(--first); }
    .timeline td + .open { border-left-color: var(--second); }
    .timeline .verdict td { text-align: center; font-weight: 600; border: 0; padding: .3rem;
      color: var(--page); background: var(--alarm); }
    .unordered .timeline .verdict td { background: none; color: var(--doubt);
      border-block: 1px dashed var(--doubt); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
    dt { color: var(--faint); }
    dd { margin: 0; min-width: 0; }
    dd p { margin: 0; }
    .rest { width: 100%; border-collapse: collapse; font-size: .9em; }
    .rest td { padding: .2rem .5rem; border-bottom: 1px solid var(--line); }
    .silence { color: var(--faint); }
    footer { color: var(--faint); font-size: .9rem; }
    body:not(:has(#show-caught:checked)) .finding.caught,
    body:not(:has(#show-unordered:checked)) .finding.unordered,
    body:not(:has(#show-suppressed:checked)) .finding.suppressed,
    body:not(:has(#show-gone:checked)) .finding.gone,
    .unmatched { display: none; }
    body:not(:has(#show-suppressed:checked)) .variable[class="variable suppressed"],
    body:not(:has(#show-gone:checked)) .variable[class="variable gone"],
    body:not(:has(#show-caught:checked)) .variable[class="variable caught"],
    body:not(:has(#show-unordered:checked)) .variable[class="variable unordered"],
    .variable:has(.finding):not(:has(.finding:not(.unmatched))) { display: none; }
    @media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
    @media print { .controls { display: none; } article { break-inside: avoid; } }

    """

  /// Hides what does not hold the words that are searched for.
  static let script = """
    const search = document.getElementById("search");
    search.hidden = false;
    search.addEventListener("input", () => {
      const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
      for (const finding of document.querySelectorAll(".finding")) {
        const heading = finding.closest("section.variable").querySelector("h2").textContent;
        const text = (heading + finding.textContent).toLowerCase();
        finding.classList.toggle("unmatched", !words.every(word => text.includes(word)));
      }
    });

    """
}
