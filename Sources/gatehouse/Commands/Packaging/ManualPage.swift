import ArgumentParser
import Foundation

/// gatehouse(8), made of the same help that `--help` prints, in the macros of man(7).
enum ManualPage {
    static func text() throws -> String {
        let tool = try JSONDecoder().decode(Tool.self, from: Data(Gatehouse._dumpHelp().utf8))
        return page(tool.command)
    }

    /// As ArgumentParser dumps its help, version 0.
    struct Tool: Decodable {
        var command: Command
    }

    struct Command: Decodable {
        var commandName: String
        var shouldDisplay: Bool?
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?
    }

    struct Argument: Decodable {
        enum Kind: String, Decodable { case positional, option, flag }

        struct Name: Decodable {
            enum Kind: String, Decodable { case long, short, longWithSingleDash }

            var kind: Kind
            var name: String

            var text: String { (kind == .long ? "--" : "-") + name }
        }

        var kind: Kind
        var shouldDisplay: Bool?
        var isOptional: Bool?
        var isRepeating: Bool?
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?
        var discussion: String?

        /// `--to destination`
        var label: String {
            let value = valueName ?? "value"
            switch kind {
            case .positional: return "<\(value)>"
            case .option: return names.map { $0.map(\.text).joined(separator: ", ") + " <\(value)>" } ?? ""
            case .flag: return (names ?? []).map(\.text).joined(separator: ", ")
            }
        }

        /// As it stands in a synopsis: what may be left out in brackets.
        var synopsis: String {
            var text = kind == .positional ? label : (names?.last?.text ?? "")
            if kind == .option { text += " <\(valueName ?? "value")>" }
            if isRepeating ?? false { text += " ..." }
            return isOptional ?? true ? "[\(text)]" : text
        }
    }

    /// Every command that can be typed, with the words before it.
    static func leaves(_ command: Command, _ before: [String] = []) -> [(words: [String], command: Command)] {
        guard command.shouldDisplay ?? true, command.commandName != "help" else { return [] }
        let words = before + [command.commandName]
        let inner = (command.subcommands ?? []).flatMap { leaves($0, words) }
        return inner.isEmpty ? [(words, command)] : inner
    }

    private static func page(_ root: Command) -> String {
        var lines = [
            ".TH GATEHOUSE 8 \"\" gatehouse \"System administration\"", ".SH NAME",
            "gatehouse \\- \(escaped(root.abstract ?? ""))", ".SH SYNOPSIS", ".B gatehouse",
            ".I command", "[options]", ".SH DESCRIPTION",
        ]
        lines += paragraphs(root.discussion)
        lines.append(".SH COMMANDS")
        for (words, command) in leaves(root) { lines += section(words, command) }
        lines += [
            ".SH FILES", ".TP", ".I /etc/gatehouse/gatehouse.yaml", "The daemon's configuration.", ".TP",
            ".I /run/gatehouse/control.sock",
            escaped("The control socket: HTTP/1.1, described by /v1/openapi.json on it."), ".SH SEE ALSO",
            ".BR nft (8),", ".BR openvpn (8),", ".BR systemd.service (5)", "",
        ]
        return lines.joined(separator: "\n")
    }

    private static func section(_ words: [String], _ command: Command) -> [String] {
        let arguments = (command.arguments ?? []).filter { argument in
            (argument.shouldDisplay ?? true) && argument.names?.contains { $0.name == "help" } != true
        }
        let synopsis = (words + arguments.map(\.synopsis)).joined(separator: " ")
        var lines = [".SS \(escaped(words.joined(separator: " ")))", escaped(command.abstract ?? ""), ".PP"]
        lines += [".nh", ".B \"\(escaped(synopsis).replacingOccurrences(of: "\"", with: "\\(dq"))\"", ".hy"]
        let said = paragraphs(command.discussion)
        if !said.isEmpty { lines += [".PP"] + said }
        for argument in arguments {
            lines += [".TP", ".B \"\(escaped(argument.label))\""]
            var text = argument.abstract ?? ""
            if let value = argument.defaultValue { text += " (default: \(value))" }
            lines.append(text.isEmpty ? "\\&" : escaped(text))
            lines += paragraphs(argument.discussion)
        }
        return lines
    }

    private static func paragraphs(_ text: String?) -> [String] {
        (text ?? "").split(separator: "\n\n").flatMap { part in
            [".PP"] + part.split(separator: "\n").map { escaped(String($0)) }
        }.dropFirst().map(\.self)
    }

    /// Nothing of the text is taken for a request or an escape of roff's.
    private static func escaped(_ text: String) -> String {
        let inner = text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(
            of: "-", with: "\\-"
        )
        .split(separator: "\n").joined(separator: " ")
        return inner.hasPrefix(".") || inner.hasPrefix("'") ? "\\&" + inner : inner
    }
}
