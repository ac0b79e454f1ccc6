/// Reads a record from its first line to its last, and names the first that is not as it was written.
///
/// What it finds: an edited, missing, added, repeated or misplaced line, a line that was cut short, a file that is missing
/// or has another's name; and, given how far the record is known to go, an end that is missing and a record that was put in
/// the place of another. What it cannot find without that is a record that was made anew as a whole: whoever may write the
/// files can compute every hash.
package struct ChainVerifier: Sendable {
    /// What was read so far.
    package private(set) var head = AuditHead.empty
    package private(set) var lines: UInt64 = 0
    package private(set) var files = 0
    /// The first record that there is; nil before it was read.
    package private(set) var first: (number: UInt64, previous: AuditHash)?
    /// Where the last line is.
    private var last: (file: String, line: Int, offset: Int)?
    private var start: (file: String, line: Int, offset: Int)?
    private var retirements: [AuditHead] = []
    /// Records that were known to be there, and were not met yet.
    private var unmet: [AuditHead]
    /// Records that say that something is missing.
    package private(set) var gaps = 0
    /// When the first and the last record were written, as they say.
    package private(set) var from = ""
    package private(set) var through = ""

    /// - Parameter known: How far the record goes at least, by whoever knows.
    package init(known: [AuditHead]) { unmet = known.filter { $0.number > 0 } }

    package init(known: AuditHead? = nil) { self.init(known: known.map { [$0] } ?? []) }

    /// The next file, whole.
    ///
    /// - Parameters:
    ///   - number: That of its first record, by its name.
    ///   - isGrowing: whether somebody may be writing to its end just now: half a line there is no break.
    package mutating func read(
        _ file: String, startingAt number: UInt64, _ bytes: [UInt8], isGrowing: Bool = false
    ) -> ChainBreak? {
        files += 1
        var offset = 0
        var line = 1
        if bytes.isEmpty {
            return isGrowing ? nil : ChainBreak(file, 1, 0, .empty)
        }
        while offset < bytes.count {
            guard let end = bytes[offset...].firstIndex(of: LineForm.lineFeed) else {
                return isGrowing ? nil : ChainBreak(file, line, offset, .cutShort)
            }
            let text = bytes[offset..<end]
            let place = (file, line, offset)
            if let problem = check(text, at: place, name: line == 1 ? number : nil) {
                return ChainBreak(file, line, offset, problem)
            }
            last = place
            offset = end + 1
            line += 1
        }
        return nil
    }

    private mutating func check(
        _ line: ArraySlice<UInt8>, at place: (String, Int, Int), name: UInt64?
    ) -> ChainBreak.Problem? {
        guard let outline = LineOutline(line) else { return .notARecord }
        guard AuditHash(of: line.dropLast(LineForm.tailCount)) == outline.hash else { return .edited }
        if let name, name != outline.number { return .wrongName(found: outline.number) }
        if first == nil {
            first = (outline.number, outline.previous)
            start = place
            if outline.number == 1, outline.previous != .zero { return .otherBefore(number: 0) }
        } else {
            let next = head.number + 1
            if outline.number > next { return .missing(from: next, through: outline.number - 1) }
            if outline.number < next { return .misplaced(number: outline.number, expected: next) }
            if outline.previous != head.hash { return .otherBefore(number: head.number) }
        }
        head = AuditHead(number: outline.number, hash: outline.hash)
        lines += 1
        for known in unmet where known.number == head.number && known.hash != head.hash {
            return .notTheKnown(number: known.number)
        }
        unmet.removeAll { $0.number == head.number }
        through = String(decoding: outline.at, as: UTF8.self)
        if from.isEmpty { from = through }
        let saysSo = [AuditKind.gap, .damage].contains { outline.kind.elementsEqual($0.rawValue.utf8) }
        if saysSo { gaps += 1 }
        if outline.kind.elementsEqual(AuditKind.retired.rawValue.utf8) { noteRetirement(line) }
        return nil
    }

    private mutating func noteRetirement(_ line: ArraySlice<UInt8>) {
        guard let entry = AuditRecord(line: line)?.entry, let through = entry[number: .through],
            let hash = entry[.digest].flatMap({ AuditHash(hexadecimal: $0.utf8) })
        else { return }
        retirements.append(AuditHead(number: through, hash: hash))
    }

    /// After the last file.
    package func finish() -> ChainBreak? {
        if let first, let start, first.number > 1, !isRetired(upTo: first.number - 1, first.previous) {
            return ChainBreak(
                start.file, start.line, start.offset, .missing(from: 1, through: first.number - 1))
        }
        // What is before the first was let go of since it was known.
        let missing = unmet.map(\.number).filter { $0 > head.number }.max()
        guard let missing else { return nil }
        let problem = ChainBreak.Problem.endMissing(from: head.number + 1, through: missing)
        guard let last else { return ChainBreak("", 0, 0, problem) }
        return ChainBreak(last.file, last.line, last.offset, problem)
    }

    /// Old records may be missing at the front where a record says that they were let go of. A gateway that died while it
    /// did so has some of them left.
    private func isRetired(upTo number: UInt64, _ hash: AuditHash) -> Bool {
        retirements.contains { $0.number > number || ($0.number == number && $0.hash == hash) }
    }
}

/// Where a record is first not as it was written, and how.
package struct ChainBreak: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the file; empty where there is none.
    package let file: String
    /// Counted from 1.
    package let line: Int
    /// Of the line's first byte.
    package let offset: Int
    package let problem: Problem

    init(_ file: String, _ line: Int, _ offset: Int, _ problem: Problem) {
        self.file = file
        self.line = line
        self.offset = offset
        self.problem = problem
    }

    package enum Problem: Sendable, Hashable {
        case empty
        case notARecord
        case cutShort
        case edited
        case wrongName(found: UInt64)
        case missing(from: UInt64, through: UInt64)
        case misplaced(number: UInt64, expected: UInt64)
        case otherBefore(number: UInt64)
        case notTheKnown(number: UInt64)
        case endMissing(from: UInt64, through: UInt64)
    }

    package var description: String {
        file.isEmpty ? "\(problem)" : "\(file):\(line), byte \(offset): \(problem)"
    }
}

extension ChainBreak.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .notARecord: "this is no record"
        case .cutShort: "the line is cut short"
        case .edited: "the line was changed: its hash is not that of its bytes"
        case .wrongName(let found): "the file has another's name: it begins with record \(found)"
        case .missing(let from, let through):
            from == through
                ? "record \(from) is missing before this line"
                : "records \(from) to \(through) are missing before this line"
        case .misplaced(let number, let expected):
            "record \(number) stands where record \(expected) should"
        case .otherBefore(0): "the first record names one before it"
        case .otherBefore(let number): "it does not follow on record \(number): one of the two was replaced"
        case .notTheKnown(let number): "record \(number) is not the one that the gateway wrote"
        case .endMissing(let from, let through):
            from == through
                ? "record \(from) is missing after this line"
                : "records \(from) to \(through) are missing after this line"
        }
    }
}
