import Coverage
import TestSupport
import Testing

struct DrawTests {
    private static let names = (1...40).map { "office/\($0)" }

    /// By `printf 's1\nNAME' | sha256sum | sort`.
    @Test func anyMachineDrawsTheSame() throws {
        let text = try shell(
            """
            for n in \(Self.names.joined(separator: " ")); do
                echo "$(printf 's1\\n%s' "$n" | sha256sum | cut -c1-64) $n"
            done | sort | head -n 5 | cut -d' ' -f2
            """)
        #expect(Draw(seed: "s1").sample(5, of: Self.names) == text.split(separator: "\n").map(String.init))
    }

    @Test func theOrderOfNamesIsOfNoMatter() {
        let draw = Draw(seed: "s1")
        #expect(draw.sample(7, of: Self.names) == draw.sample(7, of: Self.names.reversed()))
        #expect(draw.sample(7, of: Self.names) != Draw(seed: "s2").sample(7, of: Self.names))
    }

    /// Who comes and goes does not choose among the others.
    @Test func oneLessMovesTheNextUp() {
        let draw = Draw(seed: "s1")
        let all = draw.sample(40, of: Self.names)
        #expect(all.sorted() == Self.names.sorted())
        #expect(draw.sample(40, of: Self.names.filter { $0 != all[3] }) == all.filter { $0 != all[3] })
    }

    @Test(arguments: [(-1, 0), (0, 0), (3, 3), (40, 40), (41, 40), (.max, 40)])
    func noMoreThanThereAre(count: Int, drawn: Int) {
        #expect(Draw(seed: "").sample(count, of: Self.names).count == drawn)
    }
}
