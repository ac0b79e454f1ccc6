import Audit
import AuditLog
import Foundation
import Sessions
import Testing

extension Instant {
    static func seconds(_ seconds: Int64) -> Instant { Instant(secondsSince1970: seconds) }
}

extension AuditFolder {
    func url(_ segment: Segment) -> URL { URL(fileURLWithPath: path + "/" + segment.name) }
}

/// A folder that nobody made yet, in memory where there is a place for it: how long bytes last is `CrashTests`' to try. It
/// is removed afterwards.
func withFolder(_ body: (AuditFolder) throws -> Void) throws {
    let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
    let isThere = FileManager.default.isWritableFile(atPath: memory.path)
    let parent = isThere ? memory : FileManager.default.temporaryDirectory
    let path = parent.appendingPathComponent("audit-\(UUID().uuidString)").path
    defer {
        for suffix in ["", ".away", ".disk"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
    try body(AuditFolder(path: path))
}

func removeAll(_ folder: AuditFolder) throws {
    for segment in try folder.segments() { try FileManager.default.removeItem(at: folder.url(segment)) }
}

/// A record as it is found on the disk.
struct Found {
    var broken: ChainBreak?
    /// Those of every line that is one, also behind a break.
    var records: [AuditRecord] = []
    var head = AuditHead.empty

    var last: AuditRecord? { records.last }

    init(_ folder: AuditFolder, known: AuditHead? = nil) throws {
        var verifier = ChainVerifier(known: known)
        for segment in try folder.segments() {
            let bytes = try folder.read(segment)
            broken = broken ?? verifier.read(segment.name, startingAt: segment.number, bytes)
            for line in bytes.split(separator: 0x0A) {
                if let record = AuditRecord(line: line) { records.append(record) }
            }
        }
        broken = broken ?? verifier.finish()
        head = verifier.head
    }
}
