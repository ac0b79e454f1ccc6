import Audit
import AuditLog
import Foundation
import Sessions
import TestSupport
import Testing

@Suite struct AuditLogTests {
    private let day: Int64 = 1_795_212_000 / 86_400 * 86_400

    @Test func whatIsRecordedIsThere() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            #expect(log.head == nil && log.loss == nil)
            for number in 1...5 { try log.record([entry(Int64(number)), entry(Int64(number))]) }
            try log.record([])
            let found = try Found(folder)
            #expect(found.records.map(\.number) == Array(1...10))
            #expect(log.head == found.head)
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            let file = try FileManager.default.attributesOfItem(
                atPath: folder.path + "/audit-000000000001.jsonl")
            #expect(file[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func goesOnWhereItEnded() throws {
        try withFolder { folder in
            for number in 1...3 { try AuditLog(folder).record([entry(Int64(number))]) }
            #expect(try Found(folder).records.count == 3)
            #expect(try folder.segments().count == 1)
        }
    }

    @Test func beginsAFileWhenOneIsFullAndEveryDay() throws {
        try withFolder { folder in
            let log = AuditLog(folder, segmentBytes: 700)
            for number in 0..<9 { try log.record([entry(Int64(number))]) }
            #expect(try folder.segments().count == 3)
            let daily = AuditLog(folder)
            try daily.record([AuditEntry(.cut, at: .seconds(day + 86_400))])
            try daily.record([AuditEntry(.cut, at: .seconds(day + 86_401))])
            try daily.record([AuditEntry(.cut, at: .seconds(day + 2 * 86_400))])
            #expect(try folder.segments().count == 5)
            #expect(try Found(folder).records.count == 12)
        }
    }

    /// Killed in the middle of a write: wherever that was, the record goes on, and says what was cut.
    @Test func halfALineIsCutAndSaid() throws {
        try withFolder { folder in
            try AuditLog(folder).record([entry(1), entry(2)])
            let segment = try #require(try folder.segments().first)
            let whole = try folder.read(segment)
            for count in whole.indices.dropFirst() {
                try Data(whole[..<count]).write(to: folder.url(segment))
                let lines = whole[..<count].count { $0 == 0x0A }
                let log = AuditLog(folder)
                try log.record([entry(3)])
                let found = try Found(folder)
                let isTorn = whole[count - 1] != 0x0A
                #expect(found.records.count == lines + (isTorn ? 2 : 1))
                #expect(found.records.contains { $0.entry.kind == .torn } == isTorn)
                try removeAll(folder)
            }
        }
    }

    /// After a power cut a file may have its length, and zeros for what was not synced.
    @Test func zerosAtTheEndAreCut() throws {
        try withFolder { folder in
            try AuditLog(folder).record([entry(1)])
            let segment = try #require(try folder.segments().first)
            try Data(try folder.read(segment) + [UInt8](repeating: 0, count: 5000)).write(
                to: folder.url(segment))
            try AuditLog(folder).record([entry(2)])
            let found = try Found(folder)
            #expect(found.records.map(\.entry.kind) == [.cut, .torn, .cut])
            #expect(found.records[1].entry[number: .count] == 5000)
        }
    }

    @Test func aFileWithoutARecordIsLetGoOf() throws {
        try withFolder { folder in
            try AuditLog(folder).record([entry(1)])
            for bytes in [[], Array("{\"number\":2".utf8)] as [[UInt8]] {
                let next = try Found(folder).head.number + 1
                let segment = AuditFolder.Segment(number: next)
                try Data(bytes).write(to: folder.url(segment))
                try AuditLog(folder).record([entry(2)])
                #expect(try Found(folder).broken == nil)
            }
        }
    }

    /// What was known to be there is missing: nothing is overwritten, and the break stays for everybody to see.
    @Test func aMissingEndStaysMissing() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            try log.record([entry(1), entry(2), entry(3)])
            let segment = try #require(try folder.segments().first)
            let whole = try folder.read(segment)
            let firstLine = try #require(whole.firstIndex(of: 0x0A))
            for kept in [Array(whole[...firstLine]), Array(whole.dropLast(20)), []] {
                try Data(kept).write(to: folder.url(segment))
                let next = AuditLog(folder, known: log.head)
                try next.record([entry(4)])
                #expect(try folder.read(segment) == kept)
                let found = try Found(folder)
                #expect(found.broken != nil)
                #expect(found.last?.entry.kind == .cut)
                #expect(next.head?.number == 5, "one that says what was found, and one more")
                for segment in try folder.segments().dropFirst() {
                    try FileManager.default.removeItem(at: folder.url(segment))
                }
            }
        }
    }

    @Test func anotherRecordInItsPlaceIsNotGoneOnWith() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            try log.record([entry(1), entry(2)])
            try removeAll(folder)
            try AuditLog(folder).record([entry(7), entry(8)])
            try AuditLog(folder, known: log.head).record([entry(3)])
            #expect(try Found(folder, known: log.head).broken?.problem == .notTheKnown(number: 2))
        }
    }

    @Test func oldFilesGoAndThatIsSaid() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            for number in Int64(0)..<5 {
                try log.record([AuditEntry(.cut, at: .seconds(day + number * 86_400))])
            }
            let now = Instant.seconds(day + 4 * 86_400 + 60)
            #expect(try log.retire(olderThan: .seconds(day), at: now) == nil)
            #expect(try log.retire(olderThan: .seconds(day + 2 * 86_400), at: now) == 2)
            let found = try Found(folder)
            #expect(found.broken == nil)
            #expect(found.records.map(\.number) == [3, 4, 5, 6, 7])
            #expect(found.records.suffix(2).map(\.entry.kind) == [.retired, .retired])
            #expect(try log.retire(olderThan: .seconds(day + 2 * 86_400), at: now) == nil)

            // Nothing happened for a year: also the file that is being written is old.
            let later = Instant.seconds(day + 400 * 86_400)
            try AuditLog(folder, known: log.head).retire(olderThan: .seconds(day + 300 * 86_400), at: later)
            let left = try Found(folder)
            #expect(left.broken == nil)
            #expect(left.records.allSatisfy { $0.entry.kind == .retired })
            try AuditLog(folder).record([AuditEntry(.cut, at: later)])
            #expect(try Found(folder).broken == nil)
        }
    }

    /// A retired file that somebody takes away without a word is missed.
    @Test func takingAFileAwayIsSeen() throws {
        try withFolder { folder in
            let log = AuditLog(folder, segmentBytes: 1)
            for number in 0..<4 { try log.record([entry(Int64(number))]) }
            let first = try #require(try folder.segments().first)
            try FileManager.default.removeItem(at: folder.url(first))
            #expect(try Found(folder).broken?.problem == .missing(from: 1, through: 1))
        }
    }

    /// A folder that takes nothing: said each time, counted, and recorded once it takes something.
    @Test func whatIsLostIsCountedAndSaid() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            try log.record([entry(1)])
            try FileManager.default.moveItem(atPath: folder.path, toPath: folder.path + ".away")
            let blocked = AuditLog(AuditFolder(path: folder.path + ".away/audit-000000000001.jsonl"))
            #expect(throws: AuditLogError.self) { try blocked.record([entry(1), entry(2)]) }
            #expect(throws: AuditLogError.self) { try blocked.record([entry(3)]) }
            #expect(blocked.loss?.count == 3 && blocked.loss?.since == entry(1).at)
            #expect(blocked.head == nil)
            try FileManager.default.moveItem(atPath: folder.path + ".away", toPath: folder.path)
        }
    }

    /// A small file system of its own, filled by another file.
    @Test(.needsRoot) func aFullDiskLosesNothingThatWasAcknowledged() throws {
        try withFolder { folder in
            let disk = folder.path + ".disk"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
            try shell("mount -t tmpfs -o size=1m,mode=700 tmpfs \(disk)")
            defer { _ = try? shell("umount \(disk)") }
            let small = AuditFolder(path: disk + "/audit")
            let log = AuditLog(small)
            try log.record([entry(1)])
            try shell("head -c 4000000 /dev/zero > \(disk)/filler || true")
            var kept: UInt64 = 1
            var lost: UInt64 = 0
            for number in 0..<200 {
                let burst = (0..<7).map { entry(Int64(number * 7 + $0)) }
                do throws(AuditLogError) {
                    try log.record(burst)
                    kept += 7
                } catch {
                    lost += 7
                    #expect(error.description.contains("No space left"))
                }
                #expect(try Found(small, known: log.head).broken == nil)
            }
            #expect(lost > 0 && log.loss?.count == lost)
            #expect(try Found(small).records.count == Int(kept))
            try FileManager.default.removeItem(atPath: disk + "/filler")
            try log.tick(at: .seconds(day + 100))
            #expect(log.loss == nil)
            try log.record([entry(9)])
            let found = try Found(small, known: log.head)
            #expect(found.broken == nil)
            let gap = try #require(found.records.first { $0.entry.kind == .gap })
            #expect(gap.entry[number: .count] == lost)
            #expect(gap.entry[.why]?.contains("No space left") == true)
        }
    }

    /// Lines that are handed over unread are counted as they are when they were read, and so are those that are none.
    @Test func aWriterSaysWhatIsNoRecord() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            for number in Int64(0)..<6 { try log.record([entry(number)]) }
            let segment = try #require(try folder.segments().first)
            var text = String(decoding: try folder.read(segment), as: UTF8.self)
            text = text.replacingOccurrences(of: "\"session\":\"office/2\"", with: "\"nobody\":\"office/2\"")
            try Data((text + "no line at all\n").utf8).write(to: folder.url(segment))
            for (query, taken) in [(AuditQuery(), 5), (queryOfSession("office/3"), 1)] {
                var (reader, writer) = (RecordReader(folder, query), RecordReader(folder, query))
                try reader.read(isRead: true) { _, _ in }
                var rows: [UInt8] = []
                try writer.transcribe { AuditCSV.write($0, $1, to: &rows) }
                #expect(reader.taken == taken && writer.taken == taken)
                #expect(rows.count { $0 == 0x0A } == taken)
                #expect(reader.strangers == writer.strangers && writer.strangers > 0)
            }
        }
    }

    private func queryOfSession(_ name: String) -> AuditQuery {
        var query = AuditQuery()
        query.session = name
        return query
    }

    // MARK: Repeats

    private func refusal(_ second: Int64) -> AuditEntry {
        var entry = AuditEntry(.refused, at: .seconds(day + second))
        entry[.session] = "office/\(second)"
        entry[.certificate] = "a94a8fe5"
        entry[.why] = "wrong code"
        return entry
    }

    /// What is open when the process dies is lost, and nothing else; the next one begins anew.
    @Test func repeatsAreSummedUp() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            try log.record([refusal(0)])
            #expect(log.head?.number == 1, "the first is there before anybody is answered")
            for second in Int64(1)...9 { try log.record([refusal(second)]) }
            #expect(log.head?.number == 1)
            try log.tick(at: .seconds(day + 599))
            #expect(log.head?.number == 1)
            try log.tick(at: .seconds(day + 600))
            try log.record([refusal(700), entry(701), refusal(702)])
            try log.close(at: .seconds(day + 703))
            try log.close(at: .seconds(day + 704))
            try log.record([refusal(705), refusal(706)])
            // Killed here: nobody closes.
            let next = AuditLog(folder, known: log.head)
            try next.record([refusal(707), refusal(708)])
            try next.close(at: .seconds(day + 709))
            let found = try Found(folder, known: next.head)
            #expect(found.broken == nil)
            #expect(
                found.records.map(\.entry.kind) == [
                    .refused, .refusedAgain, .cut, .refusedAgain, .refused, .refused, .refusedAgain,
                ])
            #expect(found.records.map(\.entry.times) == [1, 9, 1, 2, 1, 1, 1])
        }
    }

    /// A record that cannot be kept: repeats are counted all the same, a sum that is lost is lost for as many as it counts,
    /// and a burst of repeats alone does not look as if all were well.
    @Test func repeatsAreNoSignThatTheDiskTakesRecords() throws {
        try withFolder { folder in
            let log = AuditLog(folder)
            try log.record([refusal(0)])
            let file = folder.url(try #require(try folder.segments().first)).path
            let away = folder.path + ".away"
            try FileManager.default.moveItem(atPath: folder.path, toPath: away)
            // The file that is open still takes records: the next day's is begun in the folder, which is none now.
            try Data("in the way".utf8).write(to: URL(fileURLWithPath: folder.path))
            let tomorrow: Int64 = 86_400
            #expect(throws: AuditLogError.self) { try log.record([refusal(tomorrow), entry(tomorrow)]) }
            #expect(log.loss?.count == 2)
            for second in Int64(1)...4 {
                #expect(throws: AuditLogError.self) { try log.record([refusal(tomorrow + second)]) }
            }
            #expect(log.loss?.count == 2, "they are counted, and not lost")
            #expect(throws: AuditLogError.self) { try log.tick(at: .seconds(day + tomorrow + 700)) }
            #expect(log.loss?.count == 6)
            try FileManager.default.removeItem(atPath: folder.path)
            try FileManager.default.moveItem(atPath: away, toPath: folder.path)
            try log.tick(at: .seconds(day + tomorrow + 701))
            #expect(log.loss == nil && FileManager.default.fileExists(atPath: file))
            let gap = try #require(try Found(folder, known: log.head).records.last)
            #expect(gap.entry.kind == .gap && gap.entry[number: .count] == 6)
        }
    }

    private func entry(_ number: Int64) -> AuditEntry {
        var entry = AuditEntry(.cut, at: .seconds(day + number))
        entry[.session] = "office/\(number)"
        return entry
    }
}
