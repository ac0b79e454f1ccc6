import Audit
import Sessions
import Testing

extension Instant {
    static func seconds(_ seconds: Int64) -> Instant { Instant(secondsSince1970: seconds) }
}

/// Entries with every field set, with none, and with texts that a client could choose.
enum Samples {
    static let full: AuditEntry = {
        var entry = AuditEntry(.admitted, at: Instant(nanosecondsSince1970: 1_795_212_000_000_000_007))
        for field in AuditField.allCases {
            switch field.form {
            case .text: entry[field] = "text of \(field.rawValue)"
            case .number: entry[number: field] = UInt64.max
            case .list: entry[list: field] = ["first \(field.rawValue)", "", "third"]
            }
        }
        entry.evidence = [
            AuditFact(kind: "device", what: "id", value: "laptop-0042"),
            AuditFact(kind: "mfa", what: "one-time code", value: "proved", at: "2026-11-21T10:00:00Z"),
            AuditFact(kind: "loan", what: "L-1", value: "alice", at: "a", until: "b"),
            AuditFact(kind: "loan", what: "", value: "", until: "b"),
        ]
        return entry
    }()

    static let hostile: AuditEntry = {
        var entry = AuditEntry(.refused, at: .seconds(1_795_212_001))
        entry[.user] = "\"},\n{\"number\":9,\"hash\":\"\\\u{0}\u{1f}\u{7f}\u{202e}é☃𝄞"
        entry[list: .scope] = ["\"", "\\", "\n", ","]
        entry.evidence = [AuditFact(kind: "client", what: "UV_\n", value: "\r\n\t\"]}")]
        return entry
    }()

    static func entry(_ number: Int64) -> AuditEntry {
        var entry = AuditEntry(.cut, at: .seconds(1_795_212_000 + number))
        entry[.session] = "office/\(number)"
        return entry
    }
}

/// A record in files, as the gateway writes it.
struct Files {
    var all: [(name: String, number: UInt64, bytes: [UInt8])] = []
    var head = AuditHead.empty

    /// - Parameter sizes: how many records each file has.
    init(_ sizes: [Int], after head: AuditHead = .empty, _ entry: (Int64) -> AuditEntry = Samples.entry) {
        var chain = AuditChain(after: head)
        for size in sizes {
            var bytes: [UInt8] = []
            let number = chain.head.number + 1
            for _ in 0..<size { chain.append(entry(Int64(chain.head.number) + 1), to: &bytes) }
            all.append(("audit-\(number)", number, bytes))
        }
        self.head = chain.head
    }

    func verify(known: AuditHead? = nil, isGrowing: Bool = false) -> ChainBreak? {
        var verifier = ChainVerifier(known: known)
        for (index, file) in all.enumerated() {
            let broken = verifier.read(
                file.name, startingAt: file.number, file.bytes,
                isGrowing: isGrowing && index == all.count - 1)
            if let broken { return broken }
        }
        return verifier.finish()
    }

    /// The lines of a file, each with its line feed.
    func lines(of file: Int) -> [[UInt8]] {
        all[file].bytes.split(separator: 0x0A).map { Array($0) + [0x0A] }
    }

    mutating func set(_ lines: [[UInt8]], of file: Int) { all[file].bytes = lines.flatMap(\.self) }
}
