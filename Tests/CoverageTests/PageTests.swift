import Coverage
import Foundation
import Testing

/// What holds of the page, whatever names a pack has.
struct PageTests {
    private static let pages: [String] = {
        let harbour = (try? GoldenPack.harbour().report()).map { CoveragePage($0).text }
        let standard = (try? GoldenPack(GoldenPack.rules.appending(path: "default")).report())
            .map { CoveragePage($0).text }
        return [harbour, standard].compactMap(\.self)
    }()

    @Test func namesAreEscaped() throws {
        #expect(Self.pages.count == 2)
        let page = Self.pages[0]
        #expect(!page.contains("<script") && !page.contains("<img"))
        for name in ["about", "vendor", "test"] {
            #expect(page.contains("&lt;script&gt;alert(&#39;\(name)&#39;)&lt;/script&gt;"))
        }
    }

    /// The folder's name stands in the style, too.
    @Test func folderNamesAreHarmless() throws {
        var pack = try GoldenPack.harbour()
        pack.name = "a\"; } </style><script>x</script>\\"
        let page = CoveragePage(try pack.report()).text
        #expect(page.contains("content: \"a  stylescriptxscript, 2026-11-23, "))
        #expect(page.ranges(of: "</style>").count == 1 && !page.contains("<script"))
    }

    @Test func nothingComesFromElsewhere() {
        for page in Self.pages {
            for word in ["src=", "url(", "@import", "<link", "<iframe", "javascript:", " on"] {
                let hits = page.ranges(of: word).filter { range in
                    // Names that say so are text by now.
                    page[..<range.lowerBound].last { $0 == "<" || $0 == ">" } == "<"
                }
                #expect(hits.isEmpty, "\(word)")
            }
            #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""))
        }
    }

    /// Every element is closed in its turn, and is one that the page uses.
    @Test func elementsAreWhole() throws {
        let known = Set(
            """
            html head meta title style body header main section h1 h2 h3 p dl div dt dd time span strong b ul \
            li a table caption colgroup col thead tbody tr th td code br
            """.split(separator: " "))
        for page in Self.pages {
            var open: [Substring] = []
            for match in page.matches(of: /<(\/?)([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*)>/) {
                let name = match.output.2
                #expect(known.contains(name), "\(name)")
                if ["meta", "col", "br"].contains(name) { continue }
                if match.output.1.isEmpty { open.append(name) } else { #expect(open.popLast() == name) }
            }
            #expect(open.isEmpty)
            let tags = page.matches(of: /<(\/?)([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*)>/).count
            #expect(
                page.count { $0 == "<" } == tags + 1, "a sign that is no tag's, beside the document type's")
        }
    }

    @Test func tablesAndHeadingsSpeak() {
        for page in Self.pages {
            let tables = page.ranges(of: "<table").count
            #expect(tables > 0 && page.ranges(of: "<caption>").count == tables)
            #expect(page.ranges(of: "<th ").count == page.ranges(of: "<th scope=").count)
            #expect(!page.contains("<th>"))
            #expect(page.ranges(of: "<h1>").count == 1)
            #expect(page.contains("<html lang=\"en-GB\">"))
            let targets = page.matches(of: /href="#([^"]*)"/).map(\.output.1)
            #expect(targets.allSatisfy { page.contains("id=\"\($0)\"") })
            let names = page.matches(of: /\ id="([^"]*)"/).map(\.output.1)
            #expect(Set(names).count == names.count)
        }
    }

    @Test(arguments: [
        ("<b>&amp;\"'", "&lt;b&gt;&amp;amp;&quot;&#39;"), ("a\nb", "a b"),
        ("a\u{202E}b\u{0}c", "a\u{FFFD}b\u{FFFD}c"),
        ("e\u{301}<\u{338}", "e\u{301}&lt;\u{338}"),
    ]) func escapes(name: String, escaped: String) {
        let piece: Markup = "<p>\(name)</p>"
        #expect(piece.text == "<p>\(escaped)</p>")
        let outer: Markup = "<div>\(piece)\(3)</div>"
        #expect(outer.text == "<div><p>\(escaped)</p>3</div>")
    }
}
