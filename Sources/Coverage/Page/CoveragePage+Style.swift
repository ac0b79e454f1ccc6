import Sessions

extension CoveragePage {
    /// System fonts; colours that reach 4.5:1 against their ground in both schemes; paper is always light.
    var style: Markup {
        """
        :root {
          --ground: #ffffff; --raised: #f4f5f7; --ink: #1b1f24; --soft: #57606a; --line: #d4d9df;
          --good: #14662f; --good-ground: #dff3e4; --bad: #9b1c1c; --bad-ground: #fde8e6;
          --far: #4a4f57; --far-ground: #e8eaee; --link: #0b57a4;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #14171b; --raised: #1d2228; --ink: #e8eaed; --soft: #a4adb8; --line: #363d46;
            --good: #8fdca6; --good-ground: #14351f; --bad: #ffb0a8; --bad-ground: #43201d;
            --far: #c3c9d1; --far-ground: #2a3038; --link: #8cc0ff;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 70rem; background: var(--ground); color: var(--ink);
          font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif;
        }
        a { color: var(--link); }
        code { font: 0.875em/1.4 ui-monospace, "Liberation Mono", Consolas, monospace; overflow-wrap: anywhere; }
        h1 { margin: 0; font-size: 2rem; line-height: 1.2; overflow-wrap: anywhere; }
        h2 { margin: 2.5rem 0 0.75rem; font-size: 1.35rem; line-height: 1.25; }
        h3 { margin: 1.5rem 0 0.5rem; font-size: 1.05rem; }
        p, ul { margin: 0.5rem 0; }
        ul { padding-left: 1.25rem; }
        header { padding-bottom: 1.25rem; border-bottom: 3px solid var(--ink); }
        .kind { margin: 0; color: var(--soft); font-weight: 600; }
        .about { font-size: 1.1rem; }
        dl { display: flex; flex-wrap: wrap; gap: 0.75rem 2.5rem; margin: 1.25rem 0 0; }
        dt { color: var(--soft); font-size: 0.875rem; }
        dd { margin: 0; }
        .wide { flex-basis: 100%; }
        .figure { display: flex; align-items: baseline; gap: 1rem; }
        .share { font-size: 2.25rem; font-weight: 700; line-height: 1; white-space: nowrap; }
        .bar { height: 0.6rem; border: 1px solid var(--soft); border-radius: 0.3rem; overflow: hidden; }
        .bar span { display: block; height: 100%; background: var(--good); }
        .notice { padding: 0.6rem 0.9rem; border-left: 4px solid var(--bad); background: var(--bad-ground); }
        .standings { display: flex; flex-wrap: wrap; gap: 0.4rem 1.25rem; padding: 0; list-style: none; }
        .standing {
          display: inline-block; padding: 0.1rem 0.5rem; border-radius: 0.25rem; font-size: 0.875rem; font-weight: 600;
          line-height: 1.35; overflow-wrap: normal;
        }
        .standing.good { background: var(--good-ground); color: var(--good); }
        .standing.bad { background: var(--bad-ground); color: var(--bad); }
        .standing.far { background: var(--far-ground); color: var(--far); }
        strong.bad, span.bad { color: var(--bad); font-weight: 600; }
        table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 0.9rem; }
        caption { padding-bottom: 0.4rem; text-align: left; color: var(--soft); }
        th, td { padding: 0.5rem 0.6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
        thead th {
          overflow-wrap: normal; background: var(--raised); border-bottom: 2px solid var(--line); font-size: 0.875rem;
        }
        tbody th { font-weight: 400; }
        tbody tr { border-bottom: 1px solid var(--line); }
        td ul { margin: 0; padding-left: 1rem; }
        td li + li { margin-top: 0.25rem; }
        .id { display: block; font-weight: 600; }
        .title { display: block; }
        .place { color: var(--soft); font-size: 0.8125rem; }
        th .place { display: block; }
        .none { color: var(--soft); }
        .scroll { overflow-x: auto; }
        .scroll table { min-width: 44rem; }
        .c1 { width: 26%; } .c2 { width: 23%; } .c3 { width: 26%; } .c4 { width: 12%; } .c5 { width: 13%; }
        .half { width: 35%; }
        .narrow { width: 16%; }
        .files code { font-size: 0.8125rem; }
        @media print {
          :root {
            --ground: #ffffff; --raised: #f1f2f4; --ink: #000000; --soft: #4b525a; --line: #b9bfc6;
            --good: #14662f; --good-ground: #ffffff; --bad: #9b1c1c; --bad-ground: #ffffff;
            --far: #4a4f57; --far-ground: #ffffff; --link: #000000;
          }
          @page {
            size: A4; margin: 18mm 14mm;
            @bottom-left { content: "\(sheetName)"; font: 8pt system-ui, "Liberation Sans", Arial, sans-serif; }
            @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, "Liberation Sans", Arial, sans-serif; }
          }
          html { font-size: 9.5pt; }
          body { max-width: none; padding: 0; }
          a { text-decoration: none; }
          .scroll { overflow: visible; }
          .scroll table { min-width: 0; }
          .own-page { break-before: page; }
          .own-page h2 { margin-top: 0; }
          h2, h3, caption, thead { break-after: avoid; }
          thead { display: table-header-group; }
          tbody tr:first-child { break-before: avoid; }
          tr, li, .figure, dl { break-inside: avoid; }
          .standing { border: 1px solid currentColor; }
          .bar, .bar span, thead th { print-color-adjust: exact; }
        }
        """
    }

    /// What every sheet says at its foot, so that none is taken for one of another report. It stands in a text of CSS:
    /// letters, digits and a few signs, and nothing else, whatever the folder is called.
    private var sheetName: String {
        let name = report.pack.name.filter { $0.isLetter || $0.isNumber || " ._-".contains($0) }
        return "\(name), \(report.pack.at.description.prefix(10)), \(report.pack.digest.whole.prefix(16))"
    }
}
