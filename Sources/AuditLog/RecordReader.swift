package import Audit

/// Reads a record's lines, in their order, and hands over those that are asked for.
package struct RecordReader {
    private let folder: AuditFolder
    private let filter: LineFilter
    /// Lines that are none of a record.
    package private(set) var strangers = 0
    /// Lines that were handed over.
    package private(set) var taken = 0

    package init(_ folder: AuditFolder, _ query: AuditQuery) {
        self.folder = folder
        filter = LineFilter(query)
    }

    /// A line without its line feed, and what it says, where that was read.
    package typealias Visitor = (_ line: ArraySlice<UInt8>, _ record: AuditRecord?) throws -> Void

    /// Cost: one file in memory at a time. Lines that are not asked for are not read, beyond their time, kind and names.
    ///
    /// - Parameters:
    ///   - isRead: whether each line that is asked for is read.
    ///   - progress: told how many of how many files are done.
    package mutating func read(
        isRead: Bool, progress: (_ done: Int, _ of: Int, _ taken: Int) -> Void = { _, _, _ in },
        _ visit: Visitor
    ) throws {
        let segments = try folder.segments()
        for (index, segment) in segments.enumerated() {
            let bytes = try folder.read(segment)
            var start = bytes.startIndex
            while start < bytes.endIndex {
                let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.endIndex
                try look(bytes[start..<end], isRead: isRead, visit)
                start = end + 1
            }
            progress(index + 1, segments.count, taken)
        }
    }

    private mutating func look(_ line: ArraySlice<UInt8>, isRead: Bool, _ visit: Visitor) throws {
        guard let outline = LineOutline(line) else {
            strangers += 1
            return
        }
        let answer = filter.look(outline, line)
        if case .no = answer { return }
        var isWanted = true
        var record: AuditRecord?
        if case .perhaps = answer { isWanted = false }
        if !isWanted || isRead {
            guard let read = AuditRecord(line: line) else {
                strangers += 1
                return
            }
            record = read
            isWanted = isWanted || filter.takes(read.entry)
        }
        guard isWanted else { return }
        taken += 1
        try visit(line, record)
    }
}
