import ArgumentParser
import Drafting
import Foundation
import PolicyLanguage
import Sessions

/// `gatehouse init [DIR]`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first pack: a few questions, a few files.",
        discussion: """
            Asks what it must know, each with an answer that Enter takes, and says at once what is wrong with \
            one. What is given as an option is not asked; with --yes nothing is asked.

            The pack is small and commented, passes 'check', and has tests. Files are written only into a \
            folder that is empty or not there, and only when all is well. gatehouse.yaml.example, for the \
            daemon, lies beside them.

            Ends with 0 when the pack was written, 1 when there is something in the folder, 2 when it cannot be \
            written or the answers end too soon, 64 when an option is no good.
            """)

    @Argument(help: "The folder.")
    var directory = "."
    @Option(name: .long, help: ArgumentHelp(PackQuestion.name.prompt))
    var name: String?
    @Option(name: .long, help: ArgumentHelp("Your own networks, with commas between."))
    var networks: String?
    @Option(name: .long, help: "The authority of your laptops: a file, a digest, or 'later'.")
    var authority: String?
    @Option(name: .long, help: "The web proxy: ADDRESS:PORT.")
    var proxy: String?
    @Option(name: .long, help: "The DNS resolver's address.")
    var resolver: String?
    @Option(name: .long, help: "A system that people work with: 'NAME ADDRESS:PORT'.")
    var system: String?
    @Option(name: .long, help: "What people who are refused are told to do.")
    var helpDesk: String?
    @Option(name: .long, help: "How long a one-time code lasts.")
    var code: String?
    @Option(name: .long, help: "Whether vendors connect: yes or no.")
    var vendors: String?
    @Option(name: .long, help: "The authority of your vendors: a file, a digest, or 'later'.")
    var vendorAuthority: String?
    @Option(name: .long, help: "The time zone of vendors' hours.")
    var zone: String?
    @Option(name: .long, help: "The tunnel interface of the VPN.")
    var tunnel: String?
    @Option(name: .long, help: "The path of OpenVPN's management socket.")
    var management: String?
    @Flag(name: .long, help: "Ask nothing: take the usual answer for what no option says.")
    var yes = false

    private func option(_ question: PackQuestion) -> String? {
        switch question {
        case .name: name
        case .networks: networks
        case .authority: authority
        case .proxy: proxy
        case .resolver: resolver
        case .system: system
        case .helpDesk: helpDesk
        case .code: code
        case .vendors: vendors
        case .vendorAuthority: vendorAuthority
        case .zone: zone
        case .tunnel: tunnel
        case .management: management
        }
    }

    func run() throws {
        try expectRoom()
        let now = SystemClock().now()
        var answers = PackAnswers()
        for question in PackQuestion.allCases {
            if let text = option(question) {
                try take(text, question, &answers, at: now)
            } else if question.isAsked(answers), !yes {
                try ask(question, &answers, at: now)
            }
        }
        let draft = PackDraft(answers, at: now)
        try check(draft, at: now)
        let folder = URL(fileURLWithPath: directory).standardizedFileURL.path
        let example = PackFile(path: "gatehouse.yaml.example", text: draft.configuration(folder: folder))
        do {
            try NewFiles.write(draft.files + [example], in: directory)
        } catch {
            throw failure("\(error)", 2)
        }
        printNext(draft.files + [example], answers)
    }

    private func failure(_ message: String, _ code: Int32) -> ExitCode {
        Terminal.complain(message)
        return ExitCode(code)
    }

    /// Names that begin with a dot are nobody's rules.
    private func expectRoom() throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        guard let first = names.sorted().first(where: { !$0.hasPrefix(".") }) else { return }
        throw failure(
            "\(directory): there is something in it already, such as '\(first)'; nothing was written", 1)
    }

    // MARK: Answers

    private func take(
        _ text: String, _ question: PackQuestion, _ answers: inout PackAnswers, at now: Instant
    ) throws {
        if let problem = answers.answer(question, contents(of: text, question), at: now) {
            throw failure("--\(question.rawValue): \(problem)", 64)
        }
    }

    private func ask(_ question: PackQuestion, _ answers: inout PackAnswers, at now: Instant) throws {
        let usual = question.usual(answers)
        say("\n\(question.prompt)\n\(Self.wrapped(question.help))")
        while true {
            say("  [\(usual)] ")
            guard let line = readLine() else {
                say("\n")
                throw failure("the answers end here; nothing was written", 2)
            }
            let text = line.allSatisfy(\.isWhitespace) ? usual : line
            guard let problem = answers.answer(question, contents(of: text, question), at: now) else {
                return
            }
            say("  \(problem)\n")
        }
    }

    /// For terminals of 80 columns.
    private static func wrapped(_ text: String) -> String {
        var lines = [" "]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count + 1 > 80 { lines.append(" ") }
            lines[lines.count - 1] += " \(word)"
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Unbuffered: a question without a line end must be seen before it is answered.
    private func say(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// The certificate in a file, as PEM, where a file is named; else what was typed.
    private func contents(of text: String, _ question: PackQuestion) -> String {
        guard question == .authority || question == .vendorAuthority else { return text }
        let path = NSString(string: text.trimmingCharacters(in: .whitespaces)).expandingTildeInPath
        guard let handle = FileHandle(forReadingAtPath: path),
            // More is no certificate.
            let data = try? handle.read(upToCount: 1 << 20)
        else { return text }
        guard data.first == 0x30 else { return String(decoding: data, as: UTF8.self) }
        let lines = data.base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(lines)\n-----END CERTIFICATE-----\n"
    }

    // MARK: The end

    /// What the answers made is checked like any pack before there is a file of it.
    private func check(_ draft: PackDraft, at now: Instant) throws {
        let pack = RulePack(draft.files.map { ($0.path, Array($0.text.utf8)) }, at: now)
        guard pack.loadable == nil else { return }
        print(pack.complaints)
        throw failure("the answers do not make a pack; nothing was written", 2)
    }

    private func printNext(_ files: [PackFile], _ answers: PackAnswers) {
        say("\nwritten:\n" + files.map { "  \($0.path)\n" }.joined())
        let folder = Self.shellWord(directory)
        var next = [
            ("gatehouse check \(folder)", "the pack, and its tests"),
            ("gatehouse prove \(folder)", "what holds for every session"),
            ("gatehouse coverage \(folder)", "what of the written policy it serves"),
        ]
        if answers.hasVendors {
            next.append(
                ("gatehouse vendor add --help", "how to add your vendors; the one there is an example"))
        }
        let width = next.map(\.0.count).max() ?? 0
        let lines = next.map { command, what in
            "  \(command)\(String(repeating: " ", count: width - command.count))   \(what)"
        }
        say(
            """

            next:
            \(lines.joined(separator: "\n"))
            Placeholders for certificates are in authorities.yaml and devices.yaml: nobody gets in before you put yours \
            there.

            """)
    }

    /// As a shell takes it for one word.
    private static func shellWord(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte & 0xDF) || "._-/".utf8.contains(byte)
        }
        return isPlain && !text.hasPrefix("-") ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
}
