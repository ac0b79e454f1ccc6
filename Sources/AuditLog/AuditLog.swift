package import Audit
package import Sessions
import Synchronization

/// The record on the disk: files to which lines are added, and from which whole old ones are let go of.
///
/// What `record` was given is on the disk when it returns. It blocks its thread for as long as the disk takes, once for
/// all that it is given: give it what belongs together. Calls from several threads queue.
///
/// A disk that takes nothing stops nobody: `record` throws, counts what was lost, and the first record after that says so.
///
/// Repeats of refused logins are the exception: they are counted in memory, and their sum is recorded when `tick` finds it
/// due, or at `close`.
package final class AuditLog: Sendable {
    private let state: Mutex<State>

    /// Does nothing yet: the folder is looked at with the first record, and again with every one until that works.
    ///
    /// - Parameters:
    ///   - known: How far the record went, as it was kept elsewhere; nil where nobody knows.
    ///   - segmentBytes: A file that has so many is not added to.
    ///   - repeats: Which refusals are summed up, and how many at once.
    ///   - onFinding: Told what is wrong with the files when they are looked at, before it is on the record; again where
    ///     that is tried again. It must not call the log.
    package init(
        _ folder: AuditFolder, known: AuditHead? = nil, segmentBytes: Int = 64 << 20,
        repeats: RepeatedRefusals.Limits = .init(), onFinding: (@Sendable (AuditEntry) -> Void)? = nil
    ) {
        state = Mutex(
            State(
                folder: folder, known: known, segmentBytes: segmentBytes,
                repeats: RepeatedRefusals(repeats), onFinding: onFinding))
    }

    /// Adds entries, in their order, on the disk when it returns; repeats of refusals are counted.
    package func record(_ entries: [AuditEntry]) throws(AuditLogError) {
        guard !entries.isEmpty else { return }
        try state.withLock { (state: inout State) throws(AuditLogError) in try state.record(entries) }
    }

    /// How far the record goes: everything up to there is on the disk. Nil before anything was recorded.
    package var head: AuditHead? { state.withLock { $0.chain?.head } }

    /// What could not be recorded since the last time that it worked.
    package var loss: AuditLoss? { state.withLock { $0.loss } }

    /// Records the sums that are due, and that something was lost where the disk takes it again; nothing when there is
    /// nothing to say. To be called every second or so.
    package func tick(at now: Instant) throws(AuditLogError) {
        try state.withLock { (state: inout State) throws(AuditLogError) in
            let due = state.repeats.tick(at: now)
            try state.put(due, at: now)
        }
    }

    /// Records what is counted and not yet told: for the end of the daemon.
    package func close(at now: Instant) throws(AuditLogError) {
        try state.withLock { (state: inout State) throws(AuditLogError) in
            let left = state.repeats.close(at: now)
            try state.put(left, at: now)
        }
    }

    /// Lets go of whole files whose records are all older, each with a record that says so. Returns the last record that
    /// is gone; nil when nothing was old enough.
    @discardableResult
    package func retire(olderThan limit: Instant, at now: Instant) throws(AuditLogError) -> UInt64? {
        try state.withLock { (state: inout State) throws(AuditLogError) in
            try state.retire(olderThan: limit, at: now)
        }
    }
}

/// Records that were not kept.
package struct AuditLoss: Sendable, Hashable {
    package let since: Instant
    package var count: UInt64
    package var because: String
}

extension AuditLog {
    struct State {
        let folder: AuditFolder
        let segmentBytes: Int
        let onFinding: (@Sendable (AuditEntry) -> Void)?
        /// Where records are added; nil before the folder was looked at, and after a write that may be half there.
        var open: OpenSegment?
        var chain: AuditChain?
        var known: AuditHead?
        var loss: AuditLoss?
        var repeats: RepeatedRefusals
        /// What was found when the folder was looked at, until it is recorded.
        private var findings: [AuditEntry] = []

        struct OpenSegment {
            let segment: AuditFolder.Segment
            let file: AppendedFile
            var size: Int
            /// Of its last record, as it is written.
            var lastAt: String

            /// The last record's.
            var day: Substring { lastAt.prefix(10) }
        }

        init(
            folder: AuditFolder, known: AuditHead?, segmentBytes: Int, repeats: RepeatedRefusals,
            onFinding: (@Sendable (AuditEntry) -> Void)?
        ) {
            self.folder = folder
            self.known = known
            self.segmentBytes = segmentBytes
            self.repeats = repeats
            self.onFinding = onFinding
        }

        mutating func record(_ entries: [AuditEntry]) throws(AuditLogError) {
            guard let first = entries.first else { return }
            try put(repeats.take(entries), at: first.at)
        }

        /// Adds entries, or counts what they stand for as lost. With none it looks whether what was lost can be said: a
        /// burst of repeats alone must not look as if the disk took records.
        mutating func put(_ entries: [AuditEntry], at now: Instant) throws(AuditLogError) {
            guard !entries.isEmpty || loss != nil else { return }
            do throws(AuditLogError) {
                try append(entries, at: now)
            } catch {
                let count = entries.reduce(loss?.count ?? 0) { $0 + $1.times }
                loss = AuditLoss(since: loss?.since ?? now, count: count, because: error.description)
                throw error
            }
        }

        /// Adds what was found, what was lost, and these.
        mutating func append(_ entries: [AuditEntry], at now: Instant) throws(AuditLogError) {
            if self.chain == nil { self.chain = try find(at: now) }
            guard var chain else { return }
            let all = findings + (loss.map { [Self.gap($0, at: now)] } ?? []) + entries
            guard let last = all.last else { return }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(all.count * 1024)
            let number = chain.head.number + 1
            for entry in all { chain.append(entry, to: &bytes) }
            try write(bytes, startingAt: number, lastAt: last.at)
            self.chain = chain
            known = chain.head
            findings = []
            loss = nil
        }

        private static func gap(_ loss: AuditLoss, at now: Instant) -> AuditEntry {
            var entry = AuditEntry(.gap, at: now)
            entry[number: .count] = loss.count
            entry[.since] = loss.since.auditText
            entry[.why] = loss.because
            return entry
        }

        /// All of it, on the disk, or none: what a failed write left is cut off again.
        private mutating func write(
            _ bytes: [UInt8], startingAt number: UInt64, lastAt: Instant
        ) throws(AuditLogError) {
            let text = lastAt.auditText
            if let open, open.size >= segmentBytes || (open.size > 0 && open.day != text.prefix(10)) {
                self.open = nil
            }
            if open == nil { try begin(number) }
            guard let segment = open else { return }
            do throws(AuditLogError) {
                try segment.file.append(bytes)
                try segment.file.sync()
            } catch {
                // What is there now is not known: the folder is looked at again.
                if !segment.file.cut(to: segment.size) {
                    open = nil
                    chain = nil
                }
                throw error
            }
            open?.size += bytes.count
            open?.lastAt = text
        }

        /// Begins a file, or goes on with one that a crash, or a full disk, left empty.
        private mutating func begin(_ number: UInt64) throws(AuditLogError) {
            let segment = AuditFolder.Segment(number: number)
            let isThere = try folder.segments().last == segment
            if isThere, try !folder.read(segment, atMost: 1).isEmpty {
                throw AuditLogError(message: "\(folder.file(segment)) is in the way")
            }
            let file = try AppendedFile(folder.file(segment), isNew: !isThere)
            try folder.sync()
            open = OpenSegment(segment: segment, file: file, size: 0, lastAt: "")
        }

        mutating func retire(olderThan limit: Instant, at now: Instant) throws(AuditLogError) -> UInt64? {
            if chain == nil { chain = try find(at: now) }
            let limitText = limit.auditText
            var gone: UInt64?
            for segment in try folder.segments() {
                guard let end = try self.end(of: segment), end.lastAt < limitText else { break }
                var entry = AuditEntry(.retired, at: now)
                entry[number: .through] = end.head.number
                entry[.digest] = end.head.hash.description
                entry[.since] = end.lastAt
                // Said in another file than the one that goes.
                if segment == open?.segment { open = nil }
                try append([entry], at: now)
                try folder.remove(segment)
                try folder.sync()
                gone = end.head.number
            }
            return gone
        }

        /// Nil for the file that is being written where it is empty, and for one whose end cannot be told.
        private func end(
            of segment: AuditFolder.Segment
        ) throws(AuditLogError) -> (head: AuditHead, lastAt: String)? {
            if let open, open.segment == segment {
                return open.size == 0 ? nil : chain.map { ($0.head, open.lastAt) }
            }
            let tail = ChainTail(try folder.read(segment))
            return tail.head.map { ($0, tail.at) }
        }

        // MARK: Finding the end

        /// Looks where the record ends, and opens its last file.
        private mutating func find(at now: Instant) throws(AuditLogError) -> AuditChain {
            try folder.prepare()
            let found = try RecordEnd(folder, known: known)
            if found.cut > 0, let segment = found.last {
                let file = try AppendedFile(folder.file(segment), isNew: false)
                guard file.cut(to: found.size) else { throw AuditLogError("cannot cut \(segment.name)") }
            }
            for segment in found.leftovers { try folder.remove(segment) }
            open = nil
            if let segment = found.last, found.damage == nil {
                open = OpenSegment(
                    segment: segment, file: try AppendedFile(folder.file(segment), isNew: false),
                    size: found.size, lastAt: found.lastAt)
            }
            findings = found.findings(at: now)
            if let onFinding { findings.forEach(onFinding) }
            known = found.head
            return AuditChain(after: found.head)
        }
    }
}
