import Foundation

/// Looks for damage in a write-ahead log that SQLite passes over: where a checksum is wrong, it takes the log to end,
/// and whatever was acknowledged after that is gone without a word (sqlite.org/walformat.html).
///
/// The last transaction may really be half there, when power failed under it: it was never acknowledged. But one that
/// is followed by another was, since each is synced before the next begins. What this cannot see is a log that was
/// cut short between two transactions, or is missing.
enum WriteAheadLog {
    static func problem(ofFile path: String) throws(StoreError) -> String? {
        do {
            return problem(in: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return nil
        } catch {
            throw .failed(operation: "read the log", detail: "\(path): \(error.localizedDescription)")
        }
    }

    /// Nil for a log that is whole but for its last transaction.
    static func problem(in log: [UInt8]) -> String? {
        // An all-zero log was made and never synced, so nothing in it was acknowledged.
        guard log.count >= Header.size, log.contains(where: { $0 != 0 }) else { return nil }
        guard let header = Header(log) else { return "the header of its log" }
        let frameSize = Frame.headerSize + header.pageSize
        var sum = header.sum
        var lost: Int?
        var commits = 0
        for (number, start) in stride(from: Header.size, through: log.count - frameSize, by: frameSize)
            .enumerated()
        {
            let frame = Frame(log, at: start)
            guard frame.isOf(header) else {
                lost = lost ?? number
                continue
            }
            if lost == nil {
                sum.add(log, from: start, count: 8, header.isBigEndian)
                sum.add(log, from: start + Frame.headerSize, count: header.pageSize, header.isBigEndian)
                if frame.salt == header.salt, frame.sum == sum { continue }
                lost = number
            }
            if frame.isCommit { commits += 1 }
        }
        guard let lost, commits > 1 else { return nil }
        return "frame \(lost) of its log, with \(commits) changes that came after it"
    }

    private struct Header {
        static let size = 32

        let isBigEndian: Bool
        let pageSize: Int
        let salt: [UInt32]
        let sum: Checksum

        init?(_ log: [UInt8]) {
            let magic = word(log, 0)
            let pageSize = Int(word(log, 8))
            guard magic & ~1 == 0x377f_0682, (512...65_536).contains(pageSize), pageSize & (pageSize - 1) == 0
            else { return nil }
            isBigEndian = magic & 1 == 1
            self.pageSize = pageSize
            salt = [word(log, 16), word(log, 20)]
            var sum = Checksum()
            sum.add(log, from: 0, count: 24, isBigEndian)
            self.sum = sum
            guard sum == Checksum(first: word(log, 24), second: word(log, 28)) else { return nil }
        }
    }

    private struct Frame {
        static let headerSize = 24

        /// The last of a transaction says how many pages the database has then.
        let isCommit: Bool
        let salt: [UInt32]
        let sum: Checksum

        init(_ log: [UInt8], at start: Int) {
            isCommit = word(log, start + 4) != 0
            salt = [word(log, start + 8), word(log, start + 12)]
            sum = Checksum(first: word(log, start + 16), second: word(log, start + 20))
        }

        /// A frame that an earlier use of the file left differs in both halves: one is counted up, one is drawn anew.
        /// In a frame with one half right, the other was damaged.
        func isOf(_ header: Header) -> Bool { salt[0] == header.salt[0] || salt[1] == header.salt[1] }
    }

    private struct Checksum: Equatable {
        var first: UInt32 = 0
        var second: UInt32 = 0

        mutating func add(_ log: [UInt8], from start: Int, count: Int, _ isBigEndian: Bool) {
            for offset in stride(from: start, to: start + count, by: 8) {
                let one = word(log, offset)
                let two = word(log, offset + 4)
                first &+= (isBigEndian ? one : one.byteSwapped) &+ second
                second &+= (isBigEndian ? two : two.byteSwapped) &+ first
            }
        }
    }

    private static func word(_ log: [UInt8], _ offset: Int) -> UInt32 {
        UInt32(log[offset]) << 24 | UInt32(log[offset + 1]) << 16 | UInt32(log[offset + 2]) << 8
            | UInt32(log[offset + 3])
    }
}
