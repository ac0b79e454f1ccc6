import ArgumentParser
import Audit
import AuditLog
import Foundation
import PolicyLanguage
import Sessions

/// Where the record is.
struct AuditPlace: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The folder of the daemon's state, or a copy of the folder 'audit' in it.", valueName: "folder"))
    var state = "/var/lib/gatehouse"

    var folder: AuditFolder {
        let inside = AuditFolder.inState(state)
        return FileManager.default.fileExists(atPath: inside.path) ? inside : AuditFolder(path: state)
    }

    /// In their order. Ends with 2 where the folder cannot be read, or is none of a record.
    func segments() throws -> [AuditFolder.Segment] {
        let segments = try reading { () throws(AuditLogError) in try folder.segments() }
        guard segments.isEmpty else { return segments }
        Terminal.complain("\(folder.path) has no audit record")
        throw ExitCode(2)
    }

    func read(_ segment: AuditFolder.Segment) throws -> [UInt8] {
        try reading { () throws(AuditLogError) in try folder.read(segment) }
    }

    private func reading<Value>(_ body: () throws(AuditLogError) -> Value) throws -> Value {
        do throws(AuditLogError) {
            return try body()
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
    }
}

/// Which records.
struct AuditFilter: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("From then on: 2026-11-21, 2026-11-21T10:00Z.", valueName: "time"))
    var from: String?
    @Option(
        name: .long, help: ArgumentHelp("Before then; a day is in with all of it.", valueName: "time"))
    var to: String?
    @Option(name: .long, help: "In sessions of this user, ordered by them, or about them.")
    var user: String?
    @Option(name: .long, help: "In sessions with this device, by its inventory id, or about it.")
    var device: String?
    @Option(name: .long, help: "What served this clause of the written policy.")
    var clause: String?
    @Option(name: .long, help: "In this session: office/21.")
    var session: String?
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            "Of these kinds: \(AuditKind.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "kind"))
    var kind: [String] = []

    func query() throws -> AuditQuery {
        var query = AuditQuery()
        query.from = try from.map { try instant($0, isEnd: false) }
        query.to = try to.map { try instant($0, isEnd: true) }
        (query.user, query.device, query.clause, query.session) = (user, device, clause, session)
        query.kinds = Set(
            try kind.map { word in
                guard let kind = AuditKind(rawValue: word) else {
                    throw ValidationError("no kind '\(word)'")
                }
                return kind
            })
        return query
    }

    private func instant(_ text: String, isEnd: Bool) throws -> Instant {
        if let instant = TimeText.timestamp(text) { return instant }
        guard let day = TimeText.timestamp(text + "T00:00:00Z") else {
            throw ValidationError("'\(text)' is no time such as 2026-11-21 or 2026-11-21T10:00Z")
        }
        return isEnd ? day + .seconds(86_400) : day
    }
}

/// How far a long reading is, on standard error where somebody looks.
struct ReadingProgress {
    private let isShown = isatty(STDERR_FILENO) == 1
    private var last = ContinuousClock.now

    mutating func show(_ done: Int, of total: Int, _ records: Int) {
        guard isShown, ContinuousClock.now - last > .milliseconds(200) else { return }
        last = .now
        let share = total == 0 ? 100 : done * 100 / total
        FileHandle.standardError.write(Data("\r\(share) %, \(records) records ".utf8))
    }

    func end() { if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) } }
}

/// Reads a record for a command: progress where somebody looks, and an exit code that says what was wrong.
struct AuditReader {
    private let place: AuditPlace
    private var reader: RecordReader

    init(_ place: AuditPlace, _ query: AuditQuery) {
        self.place = place
        reader = RecordReader(place.folder, query)
    }

    mutating func read(isRead: Bool, _ visit: RecordReader.Visitor) throws {
        try showingProgress { reader, show in try reader.read(isRead: isRead, progress: show, visit) }
    }

    mutating func transcribe(_ write: RecordReader.Writer) throws {
        try showingProgress { reader, show in try reader.transcribe(progress: show, write) }
    }

    private mutating func showingProgress(
        _ body: (inout RecordReader, (_ done: Int, _ of: Int, _ taken: Int) -> Void) throws -> Void
    ) throws {
        _ = try place.segments()
        var progress = ReadingProgress()
        defer { progress.end() }
        do {
            try body(&reader) { done, all, taken in progress.show(done, of: all, taken) }
        } catch let error as AuditLogError {
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
    }

    /// Ends with 1 where something was no record.
    func complain() throws {
        guard reader.strangers > 0 else { return }
        Terminal.complain(
            "\(reader.strangers) lines are no records; 'gatehouse audit verify' names the first")
        throw ExitCode(1)
    }
}
