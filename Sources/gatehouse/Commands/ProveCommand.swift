import ArgumentParser
import NetworkTypes
import PolicyProof

/// `gatehouse prove DIR`
struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Decide what holds for every possible session of a pack, and show a session where something does not.",
        discussion: """
            No sampling: sessions are told apart as far as the pack's conditions do, and all of them are looked at. A \
            counterexample can be pasted into the pack's tests. What a pack adds of its own stands in properties.yaml.

            Ends with 0 when every property that is stated holds, 1 when one does not or cannot be decided, 2 when the \
            pack cannot be read.
            """)

    @Argument(help: "The pack's folder.")
    var directory: String
    @Option(name: .long, help: ArgumentHelp("Only this one; may be repeated.", valueName: "property"))
    var property: [Property] = []
    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    func run() throws {
        let pack = try readPack(directory)
        guard let policy = pack.policy else {
            print(pack.complaints)
            throw ExitCode(1)
        }
        let prover = Prover(policy, from: SystemClock().now())
        let proofs = (property.isEmpty ? Property.allCases : property).map(prover.prove)
        if json {
            try Terminal.printJSON(proofs.map(ProofText.record))
        } else {
            print(proofs.map(ProofText.text).joined(separator: "\n"))
        }
        if proofs.contains(where: \.isDisappointing) { throw ExitCode(1) }
    }
}

extension Property: ExpressibleByArgument {}

extension Proof {
    fileprivate var isDisappointing: Bool {
        switch outcome {
        case .holds, .notStated: false
        case .fails, .undecided: true
        }
    }
}

/// How proofs are told to people and programs.
enum ProofText {
    static func text(_ proof: Proof) -> String {
        let statement = proof.property.statement
        switch proof.outcome {
        case .holds: return "holds       \(statement)"
        case .notStated(let how): return "not stated  \(statement)\n            \(how)"
        case .undecided(let why): return "undecided   \(statement)\n            \(why)"
        case .fails(let examples):
            return (["fails       \(statement)"] + examples.map(indented)).joined(separator: "\n")
        }
    }

    /// - Parameter kind: What it is to whoever reads it, such as `warning`.
    static func text(_ example: Counterexample, kind: String) -> String {
        var lines = ["\(example.location): \(kind): \(example.message)"]
        if let session = example.session { lines.append("  session: \(session)") }
        if let at = example.at { lines.append("  at:      \(at)") }
        if let packet = example.packet { lines.append("  packet:  \(packet)") }
        return lines.joined(separator: "\n")
    }

    private static func indented(_ example: Counterexample) -> String {
        text(example, kind: "for example").split(separator: "\n").map { "            \($0)" }
            .joined(separator: "\n")
    }

    struct Record: Encodable {
        struct Example: Encodable {
            var message: String
            var place: String
            var session: String?
            var at: String?
            var packet: String?
        }

        var property: String
        var statement: String
        /// `holds`, `fails`, `not-stated` or `undecided`.
        var outcome: String
        /// Why it is undecided, or how to state it.
        var note: String?
        var counterexamples: [Example]
    }

    static func record(_ proof: Proof) -> Record {
        let (outcome, note): (String, String?) =
            switch proof.outcome {
            case .holds: ("holds", nil)
            case .fails: ("fails", nil)
            case .notStated(let how): ("not-stated", how)
            case .undecided(let why): ("undecided", why)
            }
        return Record(
            property: proof.property.rawValue, statement: proof.property.statement, outcome: outcome,
            note: note,
            counterexamples: proof.counterexamples.map { example in
                Record.Example(
                    message: example.message, place: "\(example.location)",
                    session: example.session.map { "\($0)" }, at: example.at.map { "\($0)" },
                    packet: example.packet.map { "\($0)" })
            })
    }
}
