import ArgumentParser
import Audit
import Foundation

/// How records are written out.
struct AuditOutput: ParsableArguments {
    @Flag(name: .long, help: "For spreadsheets, instead of a JSON object a line.")
    var csv = false
    @Flag(
        name: .long,
        help: """
            Pseudonyms for people, devices, certificates and addresses; what people wrote is left out. The same name has \
            the same one in one output.
            """)
    var pseudonymous = false
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The key of pseudonyms, at least 16 bytes, so that another output has the same ones. A random one when not "
                + "said: then nobody can go back.", valueName: "file"))
    var keyFile: String?

    func pseudonyms() throws -> Pseudonyms? {
        guard pseudonymous else {
            guard keyFile == nil else { throw ValidationError("--key-file is for --pseudonymous") }
            return nil
        }
        guard let keyFile else {
            var random = SystemRandomNumberGenerator()
            return Pseudonyms(key: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        guard let data = FileManager.default.contents(atPath: keyFile) else {
            Terminal.complain("\(keyFile) cannot be read")
            throw ExitCode(2)
        }
        guard let pseudonyms = Pseudonyms(key: Array(data)) else {
            Terminal.complain("\(keyFile) has \(data.count) bytes: a key has at least 16")
            throw ExitCode(2)
        }
        return pseudonyms
    }
}

/// Collects what is written, and writes it in large pieces.
struct AuditWriter {
    private let output: AuditOutput
    private var pseudonyms: Pseudonyms?
    private let file: FileHandle
    private var buffer: [UInt8] = []

    init(_ output: AuditOutput, to file: FileHandle = .standardOutput) throws {
        self.output = output
        self.file = file
        pseudonyms = try output.pseudonyms()
        buffer.reserveCapacity(Self.piece + (1 << 16))
        if output.csv { buffer += AuditCSV.header.utf8 }
    }

    private static let piece = 1 << 20

    /// Whether lines are handed over without being read.
    var takesLines: Bool { !output.csv && pseudonyms == nil }

    mutating func write(_ line: ArraySlice<UInt8>, _ record: AuditRecord?) throws {
        if let record, !takesLines {
            let entry = pseudonyms?.cleaned(record.entry) ?? record.entry
            if output.csv {
                AuditCSV.write(record.number, entry, to: &buffer)
            } else {
                entry.write(number: record.number, to: &buffer)
            }
        } else {
            buffer += line
            buffer.append(0x0A)
        }
        if buffer.count >= Self.piece { try flush() }
    }

    /// The same for a line that nobody has read yet; false for what is no record.
    mutating func write(_ outline: LineOutline, _ line: ArraySlice<UInt8>) throws -> Bool {
        switch (output.csv, pseudonyms != nil) {
        case (false, false): try write(line, nil)
        case (true, false): guard AuditCSV.write(outline, line, to: &buffer) else { return false }
        case (false, true):
            guard pseudonyms?.write(outline, line, to: &buffer) == true else { return false }
        case (true, true):
            guard let record = AuditRecord(outline, line) else { return false }
            try write(line, record)
        }
        if buffer.count >= Self.piece { try flush() }
        return true
    }

    mutating func flush() throws {
        do {
            try file.write(contentsOf: Data(buffer))
        } catch {
            Terminal.complain("cannot write: \(error.localizedDescription)")
            throw ExitCode(2)
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// `gatehouse audit export`
struct AuditExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write records out, for whoever audits.",
        discussion: """
            Without --csv and --pseudonymous the lines are those of the record, with their hashes. --from and --to are in \
            UTC where no offset is said.

            Ends with 0, with 1 when there were lines that are no records, with 2 when something cannot be read or \
            written.
            """)

    @OptionGroup var place: AuditPlace
    @OptionGroup var filter: AuditFilter
    @OptionGroup var output: AuditOutput

    func run() throws {
        var writer = try AuditWriter(output)
        var reader = AuditReader(place, try filter.query())
        try reader.transcribe { try writer.write($0, $1) }
        try writer.flush()
        try reader.complain()
    }
}
