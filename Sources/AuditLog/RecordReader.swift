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
        try each(progress) { reader, line in try reader.look(line, isRead: isRead, visit) }
    }

    /// A line without its line feed; false for what is no record.
    package typealias Writer = (_ outline: LineOutline, _ line: ArraySlice<UInt8>) throws -> Bool

    /// The same for whoever reads the lines that are asked for while writing them in another form.
    package mutating func transcribe(
        progress: (_ done: Int, _ of: Int, _ taken: Int) -> Void = { _, _, _ in }, _ write: Writer
    ) throws {
        try each(progress) { reader, line in
            guard let outline = reader.wanted(line) else { return }
            if try write(outline, line) { reader.taken += 1 } else { reader.strangers += 1 }
        }
    }

    private mutating func each(
        _ progress: (_ done: Int, _ of: Int, _ taken: Int) -> Void,
        _ body: (inout Self, ArraySlice<UInt8>) throws -> Void
    ) throws {
        let segments = try folder.segments()
        for (index, segment) in segments.enumerated() {
            let bytes = try folder.read(segment)
            var start = bytes.startIndex
            while start < bytes.endIndex {
                let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.endIndex
                try body(&self, bytes[start..<end])
                start = end + 1
            }
            progress(index + 1, segments.count, taken)
        }
    }

    /// Nil for a line that nobody asked for, or that is none.
    private mutating func wanted(_ line: ArraySlice<UInt8>) -> LineOutline? {
        guard let outline = LineOutline(line) else {
            strangers += 1
            return nil
        }
        switch filter.look(outline, line) {
        case .no: return nil
        case .yes: return outline
        case .perhaps:
            guard let read = AuditRecord(outline, line) else {
                strangers += 1
                return nil
            }
            return filter.takes(read.entry) ? outline : nil
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
            guard let read = AuditRecord(outline, line) else {
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
