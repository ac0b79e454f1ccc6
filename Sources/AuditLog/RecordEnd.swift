import Audit
import Sessions

/// Where a record ends, as its files and what is known of it say: what a start goes on from.
///
/// Half a line at the end is what a process that died leaves, and nobody was told that it is recorded: it is cut off, and
/// said. Where something is missing that was known to be there, nothing is touched: the record goes on in a new file
/// behind the known end, so that the break stays where it is for everybody to see.
struct RecordEnd {
    let head: AuditHead
    /// The file to go on with; nil where a new one is begun.
    private(set) var last: AuditFolder.Segment?
    /// Of that file, what is good.
    private(set) var size = 0
    private(set) var lastAt = ""
    /// How many bytes are cut off it.
    private(set) var cut = 0
    private var cutDigest = ""
    /// Files in which nothing is good, and nothing was promised.
    private(set) var leftovers: [AuditFolder.Segment] = []
    /// Why the record does not go on where its files end; nil when it does.
    private(set) var damage: String?

    init(_ folder: AuditFolder, known: AuditHead?) throws(AuditLogError) {
        let known = known ?? .empty
        var behind: [(segment: AuditFolder.Segment, bytes: [UInt8])] = []
        for segment in try folder.segments().reversed() {
            let bytes = try folder.read(segment)
            let tail = ChainTail(bytes)
            guard let end = tail.head else {
                behind.append((segment, bytes))
                continue
            }
            guard end.number >= known.number, end.number > known.number || end.hash == known.hash else {
                head = known
                damage = Self.words(end, known)
                return
            }
            head = end
            last = segment
            lastAt = tail.at
            size = tail.goodCount
            leftovers = behind.map(\.segment)
            let lost = bytes[tail.goodCount...] + behind.reversed().flatMap(\.bytes)
            cut = bytes.count - tail.goodCount
            if !lost.isEmpty { note(ArraySlice(lost)) }
            return
        }
        head = known
        guard known.number == 0 else {
            damage = Self.words(.empty, known)
            return
        }
        leftovers = behind.map(\.segment)
        let lost = behind.reversed().flatMap(\.bytes)
        if !lost.isEmpty { note(lost[...]) }
    }

    private var lostCount = 0

    private mutating func note(_ lost: ArraySlice<UInt8>) {
        lostCount = lost.count
        cutDigest = AuditHash(of: lost).description
    }

    private static func words(_ end: AuditHead, _ known: AuditHead) -> String {
        end.number == known.number
            ? "record \(known.number) is not the one that was written"
            : "the files end with record \(end.number), and record \(known.number) was written"
    }

    func findings(at now: Instant) -> [AuditEntry] {
        if let damage {
            var entry = AuditEntry(.damage, at: now)
            entry[.why] = damage
            return [entry]
        }
        guard lostCount > 0 else { return [] }
        var entry = AuditEntry(.torn, at: now)
        entry[number: .count] = UInt64(lostCount)
        entry[.digest] = cutDigest
        return [entry]
    }
}
