import Foundation
import PolicyLanguage
import Testing

/// One mistake in a pack that is good without it: a file of `Golden/mistakes`.
///
///     # why it is a mistake
///     @ policy.yaml
///     -inside: [10.10.0.0/16]
///     +inside: []
///     @ expected
///     policy.yaml:2:9: error: ...
///
/// Behind `@` stands a file of the pack, with `whole` where nothing of it stays and `gone` where it is taken away. Lines
/// with `-` must stand in the file, one below the other, and the lines with `+` behind them go in their place; without any
/// they go to the end. `~` is as `+`, with bytes such as `\xE9` in it; `*3|x` is as three lines, each with its number in
/// place of `{n}`; `=3|x` is one line, `xxx`. Below `@ expected` is what is said, to the letter.
struct Mistake: Sendable {
    let why: String
    /// The files that are not those of the good pack; nil where one is gone.
    let files: [String: [UInt8]?]
    let expected: String

    static let folder = Packs.golden.appending(path: "mistakes")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.sorted()
    }()

    /// The pack without mistakes.
    static func goodPack() throws -> [String: [UInt8]] {
        Dictionary(
            uniqueKeysWithValues: try Packs.bytes(in: folder.appending(path: "pack")).map {
                ($0.path, $0.bytes)
            })
    }

    struct Unreadable: Error {
        var line: String
    }

    init(named name: String) throws {
        let text = String(
            decoding: try Data(contentsOf: Self.folder.appending(path: name)), as: UTF8.self)
        let mark = try #require(text.firstRange(of: "\n@ expected\n"), "no '@ expected' in \(name)")
        expected = String(text[mark.upperBound...])
        var lines = text[..<mark.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)[...]
        why = String(lines.removeFirst().dropFirst(2))
        let pack = try Self.goodPack()
        var files: [String: [UInt8]?] = [:]
        while let header = lines.popFirst() {
            let words = header.split(separator: " ").map(String.init)
            guard words.first == "@", words.count >= 2 else { throw Unreadable(line: String(header)) }
            let edits = lines.prefix { !$0.hasPrefix("@") }
            lines = lines.dropFirst(edits.count)
            switch words.count > 2 ? words[2] : "" {
            case "gone": files[words[1]] = .some(nil)
            case "whole": files[words[1]] = try Self.edited([], edits)
            default: files[words[1]] = try Self.edited(pack[words[1]] ?? [], edits)
            }
        }
        self.files = files
    }

    /// The good pack with the mistake in it.
    func pack() throws -> [(path: String, bytes: [UInt8])] {
        var pack = try Self.goodPack()
        for (path, bytes) in files { pack[path] = bytes }
        return pack.map { ($0.key, $0.value) }
    }

    /// Writes what is said now in place of what was expected.
    static func regenerate(_ name: String, expected: String) throws {
        let file = folder.appending(path: name)
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let mark = try #require(text.firstRange(of: "\n@ expected\n"))
        try Data((text[..<mark.upperBound] + expected).utf8).write(to: file)
    }

    private static func edited(_ bytes: [UInt8], _ edits: ArraySlice<Substring>) throws -> [UInt8] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(
            Array.init)
        if lines.last == [] { lines.removeLast() }
        var edits = edits
        while !edits.isEmpty {
            let taken = edits.prefix { $0.hasPrefix("-") }.map { Array($0.utf8.dropFirst()) }
            edits = edits.dropFirst(taken.count)
            let put = edits.prefix { !$0.hasPrefix("-") }
            edits = edits.dropFirst(put.count)
            let places = lines.indices.filter { !taken.isEmpty && lines[$0...].starts(with: taken) }
            guard taken.isEmpty || places.count == 1 else {
                throw Unreadable(line: String(decoding: taken[0], as: UTF8.self))
            }
            let start = places.first ?? lines.endIndex
            lines.replaceSubrange(start..<(start + taken.count), with: try put.flatMap(Self.written))
        }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
            + (lines.isEmpty ? [] : [UInt8(ascii: "\n")])
    }

    private static func written(_ line: Substring) throws -> [[UInt8]] {
        let rest = line.dropFirst()
        switch line.first {
        case "+": return [Array(rest.utf8)]
        case "~": return [bytes(rest)]
        case "*", "=":
            let parts = rest.split(separator: "|", maxSplits: 1)
            guard parts.count == 2, let count = Int(parts[0]) else { throw Unreadable(line: String(line)) }
            if line.first == "=" { return [Array(String(repeating: String(parts[1]), count: count).utf8)] }
            let around = parts[1].split(separator: "{n}", omittingEmptySubsequences: false)
            return (0..<count).map { Array(around.joined(separator: "\($0)").utf8) }
        default: throw Unreadable(line: String(line))
        }
    }

    private static func bytes(_ text: Substring) -> [UInt8] {
        var result: [UInt8] = []
        for (index, part) in text.split(separator: "\\x", omittingEmptySubsequences: false).enumerated() {
            if index == 0 {
                result += part.utf8
            } else {
                result += [UInt8(part.prefix(2), radix: 16)].compactMap(\.self) + part.dropFirst(2).utf8
            }
        }
        return result
    }
}
