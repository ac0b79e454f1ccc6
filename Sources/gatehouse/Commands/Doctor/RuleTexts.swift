import Diagnosis
import Lab
import RulesetCompiler

/// The text of other programs' rules, as `nft` writes it, where it is installed.
struct RuleTexts: Sendable {
    private var texts: [ForeignJudgement.RulePlace: String] = [:]

    /// Lists chains one by one, so that no large set is listed with them.
    static func read(_ foreign: ForeignTables?) async -> RuleTexts {
        var result = RuleTexts()
        for table in foreign?.tables ?? [] {
            for chain in table.chains where !chain.rules.isEmpty && chain.rules.count <= mostRules {
                let command = Command([
                    "nft", "-a", "list", "chain", table.family.rawValue, table.name, chain.name,
                ])
                // Without nft, rules go by their handles.
                guard let output = try? await command.output(), output.status == 0 else { continue }
                for (handle, text) in handles(output.standardOutput) {
                    let place = ForeignJudgement.RulePlace(
                        family: table.family, table: table.name, chain: chain.name, handle: handle)
                    result.texts[place] = text
                }
            }
        }
        return result
    }

    private static let mostRules = 2000

    func text(of place: ForeignJudgement.RulePlace) -> String? { texts[place] }

    /// The lines that end in `# handle` and a number.
    static func handles(_ listing: String) -> [(UInt64, String)] {
        listing.split(separator: "\n").compactMap { line in
            guard let end = line.ranges(of: " # handle ").last, !line.contains("{ # handle"),
                let handle = UInt64(line[end.upperBound...])
            else { return nil }
            let text = line[..<end.lowerBound].drop { $0 == "\t" || $0 == " " }
            return (handle, text.count > 160 ? text.prefix(160) + " ..." : String(text))
        }
    }
}
