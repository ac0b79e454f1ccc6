import ArgumentParser
import Drafting
import Foundation
import PolicyLanguage
import Sessions

/// `gatehouse vendor`
struct VendorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vendor", abstract: "Vendors' contracts.", subcommands: [AddVendor.self])
}

/// `gatehouse vendor add NAME`
struct AddVendor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Write a vendor's file, and tests of it.",
        discussion: """
            Writes vendors/SLUG.yaml and tests/vendor-SLUG.yaml: in the hours, out of them, before and past the \
            contract, without a code, another organisation, and never anything else. The pack is checked with both \
            before they are written. Nothing is overwritten.

            What is not said is as for the other vendors of the pack, where they agree: authority, time zone, hours, \
            code and clauses.

            Ends with 0 when the files were written, 1 when the pack or the vendor has mistakes or a file is there \
            already, 2 when files cannot be read or written, 64 when an option is no good.
            """)

    @Argument(help: "The vendor's name.")
    var name: String
    @Option(name: .customLong("pack"), help: ArgumentHelp("The pack's folder.", valueName: "dir"))
    var directory = "."
    @Option(name: .long, help: "The contract's reference.")
    var reference: String
    @Option(name: .long, help: "The first day of the contract; today unless said.")
    var from: String?
    @Option(name: .long, help: "The last day of the contract.")
    var until: String
    @Option(name: .long, help: "Who answers for it.")
    var sponsor: String
    @Option(
        name: .long,
        help: "A system of the contract, by its name; may be given more than once, or with commas.")
    var system: [String]
    @Option(name: .long, help: "The organisation (O) in the vendor's certificate; its name unless said.")
    var organisation: String?
    @Option(name: .long, help: "The authority that issues its certificate.")
    var authority: String?
    @Option(name: .long, help: "Days of the week, such as mon-fri or mon,wed; mon-fri unless said.")
    var days: String?
    @Option(
        name: .long,
        help: "Hours of these days, such as 08:00-18:00 (so unless said), or 'any' for all of every day.")
    var hours: String?
    @Option(name: .long, help: "The time zone of dates and hours; UTC unless said.")
    var zone: String?
    @Option(name: .long, help: "How long a one-time code lasts, or 'none' to ask for none; 8h unless said.")
    var mfa: String?
    @Option(name: .long, help: "How long before the contract's end checks begin to warn.")
    var warnBefore: String?
    @Option(name: .long, help: "A clause that it serves; may be given more than once, or with commas.")
    var cites: [String] = []
    @Option(name: .long, help: "A line about it.")
    var about: String?
    @Option(name: .long, help: "What its people are told when they are refused.")
    var tell: String?
    @Option(name: .long, help: "What the files are called; made of the name unless said.")
    var slug: String?
    @Flag(name: .long, help: "Print the files and write nothing.")
    var dryRun = false

    func run() throws {
        let now = SystemClock().now()
        let slug = try fileName()
        let (files, policy) = try pack(at: now)
        let draft = try draft(policy, at: now)
        switch draft.draft(for: files, at: now, slug: slug) {
        case .mistaken(let diagnostics):
            print(DiagnosticRenderer.text(diagnostics), terminator: "")
            throw failure("with this vendor the pack would have mistakes; nothing was written", 1)
        case .refused(let why): throw failure("nothing was written: \(why)", 1)
        case .drafted(let new, let notes):
            let pack = try check(files + new, at: now)
            try write(new)
            for note in notes { print("note: \(note)") }
            let warnings = pack.diagnostics.filter { warning in
                new.contains { $0.path == warning.range.start.file }
            }
            if !warnings.isEmpty { print(DiagnosticRenderer.text(warnings), terminator: "") }
        }
    }

    private func failure(_ message: String, _ code: Int32) -> ExitCode {
        Terminal.complain(message)
        return ExitCode(code)
    }

    // MARK: The pack

    private func pack(at now: Instant) throws -> ([PackFile], Policy) {
        do {
            let files = try PackDirectory(path: directory).files()
            let pack = RulePack(files, at: now)
            guard let policy = pack.loadable else {
                print(pack.complaints)
                throw failure("the pack has mistakes without this vendor; nothing was written", 1)
            }
            let texts = files.compactMap { PackFile.decode(path: $0.path, bytes: $0.bytes).file }
            return (texts, policy)
        } catch let unreadable as PackUnreadable {
            throw failure("\(unreadable)", 2)
        }
    }

    private func check(_ files: [PackFile], at now: Instant) throws -> RulePack {
        let pack = RulePack(files.map { ($0.path, Array($0.text.utf8)) }, at: now)
        guard pack.loadable == nil else { return pack }
        print(pack.complaints)
        throw failure("with this vendor the pack would not be loaded; nothing was written", 1)
    }

    private func write(_ files: [PackFile]) throws {
        if dryRun {
            for file in files { print("# \(file.path)\n\(file.text)") }
            return
        }
        let taken = files.map { "\(directory)/\($0.path)" }.filter(FileManager.default.fileExists)
        guard taken.isEmpty else { throw failure("nothing was written: \(taken[0]) is there already", 1) }
        do {
            try NewFiles.write(files, in: directory)
        } catch {
            throw failure("\(error)", 2)
        }
        for file in files { print("\(directory)/\(file.path)") }
    }

    // MARK: The vendor

    private func draft(_ policy: Policy, at now: Instant) throws -> VendorDraft {
        let others = policy.vendorHabits
        guard let authority = authority ?? others.authority else {
            let known = policy.authorities.map(\.name).joined(separator: ", ")
            throw ValidationError("Say who issues the vendor's certificates with --authority: \(known).")
        }
        let zone = zone ?? others.zone ?? "UTC"
        let today = (ZoneClock(named: zone) ?? .utc).date(at: now)
        return VendorDraft(
            name: name, organisation: organisation ?? name, authority: authority, reference: reference,
            from: try from.map { try date($0, "from") } ?? today,
            until: try date(until, "until"), sponsor: sponsor, zone: zone,
            systems: split(system), hours: try weeklyHours(others.hours), mfa: code(others.mfa),
            warnBefore: warnBefore ?? others.warnBefore, cites: cites.isEmpty ? others.cites : split(cites),
            about: about, tell: tell)
    }

    private func code(_ others: String?) -> String? {
        let code = mfa ?? others ?? "8h"
        return code == "none" ? nil : code
    }

    private func split(_ texts: [String]) -> [String] {
        texts.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    private func fileName() throws -> String {
        let name = slug ?? VendorDraft.slug(name)
        guard !name.isEmpty, VendorDraft.slug(name) == name else {
            throw ValidationError(
                "Say what the files are called with --slug: lower-case letters, digits and dashes.")
        }
        return name
    }

    private func date(_ text: String, _ option: String) throws -> CivilDate {
        guard let date = TimeText.date(text) else {
            throw ValidationError(
                "--\(option): expected a date such as 2026-04-01, found '\(PlainText.shown(text))'.")
        }
        return date
    }

    private func weeklyHours(_ others: VendorDraft.Hours?) throws -> VendorDraft.Hours? {
        if hours == "any" {
            guard days == nil else { throw ValidationError("--days: with --hours any it is every day.") }
            return nil
        }
        var result = others ?? VendorDraft.Hours(days: ["mon-fri"], from: "08:00", to: "18:00")
        if let days { result.days = split([days]) }
        if let hours {
            let ends = hours.split(separator: "-").map(String.init)
            guard ends.count == 2 else {
                throw ValidationError(
                    "--hours: expected hours such as 08:00-18:00, or any, found '\(PlainText.shown(hours))'.")
            }
            (result.from, result.to) = (ends[0], ends[1])
        }
        return result
    }
}
