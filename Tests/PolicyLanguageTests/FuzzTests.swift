import Evidence
import FlowSpace
import Foundation
import NetworkTypes
import PolicyLanguage
import TestSupport
import Testing

/// Whatever bytes a pack is made of: no trap, every place exists, and a policy if and only if there is no error.
struct FuzzTests {
    /// The pack that all is well with, and some that show much of the language in mistakes already.
    static let packs: [(folder: URL, seed: UInt64, rounds: Int)] = [
        (Packs.standard, 1, 500), (Packs.standard, 20_261_121, 500),
        (Packs.golden.appending(path: "13-vendors"), 2, 500),
        (Packs.golden.appending(path: "15-devices"), 3, 500),
        (Packs.golden.appending(path: "23-certificates"), 4, 150),
        (Packs.golden.appending(path: "24-conditions"), 5, 150),
        (Packs.golden.appending(path: "25-labels-and-offices"), 6, 150),
        (Packs.golden.appending(path: "26-registers"), 7, 150),
        (Packs.golden.appending(path: "28-sessions"), 8, 150),
        (Mistake.folder.appending(path: "pack"), 9, 400),
    ]

    @Test(.timeLimit(.minutes(20)), arguments: packs)
    func mutatedPacksNeverTrap(folder: URL, seed: UInt64, rounds: Int) async throws {
        let original = try Packs.bytes(in: folder)
        var random = Seeded(seed)
        var refused = 0
        for round in 0..<rounds {
            // There are as many threads as cores, and others wait for one.
            await Task.yield()
            var files = original
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let index = Int.random(in: files.indices, using: &random)
                Self.mutate(&files[index].bytes, by: &random)
            }
            let result = Packs.compile(files)
            let why: Comment = "seed \(seed), round \(round)"
            #expect((result.policy == nil) == result.diagnostics.hasErrors, why)
            if result.policy == nil { refused += 1 }
            if let policy = result.policy { Self.expectSound(policy, why) }
            Self.expectValidPlaces(result.diagnostics, in: files, why)
            #expect(result.diagnostics == result.diagnostics.sortedByPlace(), why)
            #expect(!DiagnosticRenderer.text(result.diagnostics).contains("\u{1B}"), why)
        }
        // A mutation that went unnoticed in half of all rounds would mean that nothing was read.
        #expect(refused > rounds / 2, "\(refused) refused, seed \(seed)")
    }

    private static func mutate(_ bytes: inout [UInt8], by random: inout Seeded) {
        guard let at = bytes.indices.randomElement(using: &random) else { return }
        switch random.next() % 8 {
        case 0: bytes[at] ^= 1 << UInt8(random.next() % 8)
        case 1: bytes.remove(at: at)
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int(random.next() % 40)))
        case 3: duplicateLine(&bytes, at: at)
        case 4: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
        case 5: bytes.insert(contentsOf: pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: at)
        case 6: bytes.removeSubrange(at...)
        default: bytes.swapAt(at, bytes.indices.randomElement(using: &random) ?? at)
        }
    }

    /// What means something to YAML, to CSV, to a terminal or to Unicode.
    private static let pieces = [
        "\n", "\r", "\r\n", "\t", "\n\t", ": ", "- ", "[", "]", "{", "}", "&a ", "*a ", "? ", "!!int ",
        "---\n", "...\n",
        "|\n", ">\n", "'", "\"", "\\", "#", ",", "<<: ", "%YAML 1.1\n", "\u{0}", "\u{1B}[31m", "\u{85}",
        "\u{2028}",
        "\u{FEFF}", "e\u{301}", "👩‍👩‍👧", "\u{202E}", "\u{E000}", "999999999999999999999999", "-", "null", "NO",
        "~", "[[[[[[[[[[[[",
        "- - - - - - - ", "9999-12-31", "@", "`",
    ]

    private static func duplicateLine(_ bytes: inout [UInt8], at: Int) {
        let newline = UInt8(ascii: "\n")
        let start = bytes[..<at].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let end = bytes[at...].firstIndex(of: newline).map { $0 + 1 } ?? bytes.count
        bytes.insert(contentsOf: bytes[start..<end], at: end)
    }

    /// What holds of every policy, whatever pack it came of.
    private static func expectSound(_ policy: Policy, _ why: Comment) {
        let inside = FlowSpace(
            policy.inside.map { FlowBox(addresses: $0.range, protocols: 0 ... .max) }
        )
        for system in policy.systems {
            #expect(system.space.isSubset(of: inside), why)
            #expect(!system.space.isEmpty, why)
            #expect(!system.needs.contains { $0.test == .unregistered || $0.isAboutBehaviour }, why)
        }
        for policyClass in policy.classes {
            guard case .systems(let names) = policyClass.access else { continue }
            #expect(!names.isEmpty && names.allSatisfy { policy.system(named: $0) != nil }, why)
            #expect(!policyClass.conditions.contains { $0.test == .unregistered }, why)
        }
        #expect(Set(policy.classes.map(\.name)).count == policy.classes.count, why)
        #expect(Set(policy.systems.map(\.name)).count == policy.systems.count, why)
    }

    private static func expectValidPlaces(
        _ diagnostics: [Diagnostic], in files: [(path: String, bytes: [UInt8])], _ why: Comment
    ) {
        let sources = Dictionary(
            uniqueKeysWithValues: files.map { file in
                (file.path, SourceText(path: file.path, text: String(decoding: file.bytes, as: UTF8.self)))
            })
        for diagnostic in diagnostics {
            let place = diagnostic.range.start
            guard let source = sources[place.file] else {
                Issue.record("\(place) is in no file, \(why)")
                continue
            }
            #expect((1...source.lines.count).contains(place.line), why)
            let width = source.line(place.line).count
            #expect((1...width + 1).contains(place.column), why)
            #expect(place.column + diagnostic.range.length - 1 <= max(width, place.column), why)
            #expect(!diagnostic.message.contains("\n") && !diagnostic.message.isEmpty, why)
        }
    }
}

/// Files that mean to be costly.
@Suite(.timeLimit(.minutes(30)))
struct LimitTests {
    private func ids(_ files: [String: String]) throws -> Set<DiagnosticID> {
        Set(try Packs.standard(replacing: files).diagnostics.map(\.id))
    }

    @Test func filesOutOfProportionAreRefused() throws {
        let line = "# " + String(repeating: "x", count: 1022) + "\n"
        let file = String(repeating: line, count: 4097)
        #expect(try ids(["tests/huge.yaml": file]) == [.fileTooLarge])
    }

    @Test func bombsOfAliasesAreRefusedUnopened() throws {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (outer, inner) in zip("bcdefghijk", "abcdefghij") {
            text +=
                "\(outer): &\(outer) [" + Array(repeating: "*\(inner)", count: 9).joined(separator: ", ")
                + "]\n"
        }
        #expect(try ids(["tests/bomb.yaml": text + "? *k\n: x\n"]) == [.anchorsRefused])
    }

    @Test(arguments: ["[", "{", "- ", "? ", "[{", "{[", "!a [", "a: {b: "]) func deepNestingIsRefused(
        piece: String
    ) throws {
        let text =
            "tests: " + (piece.hasSuffix(" ") && piece.count == 2 ? "\n" : "")
            + String(repeating: piece, count: 900)
        #expect(try Packs.standard(replacing: ["tests/deep.yaml": text]).policy == nil)
    }

    @Test func manyDoubleKeysAreAllTold() throws {
        let doubles = (0..<20).map { "  user\($0): { groups: [] }\n  user\($0): { groups: [] }\n" }.joined()
        let result = try Packs.standard(replacing: ["users.yaml": "users:\n" + doubles])
        #expect(result.diagnostics.count { $0.id == .duplicateKey } == 20)
    }

    @Test func endlesslyManyDoubleKeysAreToldOnce() throws {
        let doubles = String(repeating: "  alice: { groups: [staff] }\n", count: 2000)
        let result = try Packs.standard(replacing: ["users.yaml": "users:\n" + doubles])
        #expect(result.diagnostics.contains { $0.id == .duplicateKey })
        #expect(result.policy == nil)
    }

    @Test func tenThousandDevicesCompile() throws {
        var table = "id,digest,owner,kind,status\n"
        for number in 0..<10_000 {
            let hex = String(number + 0x100000, radix: 16)
            table += "pc-\(number),\(String(repeating: "0", count: 64 - hex.count))\(hex),,laptop,in-use\n"
        }
        let result = try Packs.standard(replacing: ["devices.csv": table])
        #expect(result.diagnostics.isEmpty)
        #expect(result.policy?.registers.devices.all.count == 10_006)
    }

    @Test func tenThousandDevicesInYAMLCompile() throws {
        let devices = (0..<10_000).map { number in
            let hex = String(number + 0x100000, radix: 16)
            let digest = String(repeating: "0", count: 64 - hex.count) + hex
            return "- { id: pc-\(number), digest: \(digest), kind: laptop, status: in-use }\n"
        }
        let file = try Packs.bytes(in: Packs.standard).first { $0.path == "devices.yaml" }
        let text = String(decoding: try #require(file).bytes, as: UTF8.self)
        let result = try Packs.standard(replacing: [
            "devices.yaml": text + devices.map { "  " + $0 }.joined()
        ])
        #expect(result.diagnostics.isEmpty)
        #expect(result.policy?.registers.devices.all.count == 10_006)
    }

    @Test func noMoreAreKeptThanAnybodyReads() throws {
        let errors = DiagnosticLog.errorLimit + 2
        let rows = String(repeating: "alice\n", count: errors)
        let result = try Packs.standard(replacing: ["users.csv": "name,groups\n" + rows])
        #expect(result.policy == nil)
        #expect(result.diagnostics.count == DiagnosticLog.errorLimit + 1)
        let last = try #require(result.diagnostics.first { $0.id == .andMore })
        #expect(last.message.contains(" 2 more "))
        #expect(last.range.start.line == DiagnosticLog.errorLimit + 2)
    }

    @Test func starsAndAmpersandsInProseAreFine() throws {
        let stars = String(repeating: "    * a point & another, *emphasised* and **strong**\n", count: 40)
        let users = "users:\n  alice:\n    groups: [staff]\n    about: |\n\(stars)"
        let result = try Packs.standard(replacing: ["users.yaml": users])
        #expect(!result.diagnostics.contains { $0.id == .anchorsRefused })
    }

    @Test func tenThousandBadRowsAreAllTold() throws {
        let rows = (0..<10_000).map { "pc-\($0),nothing,,laptp,inuse\n" }.joined()
        let result = try Packs.standard(replacing: ["devices.csv": "id,digest,owner,kind,status\n" + rows])
        #expect(result.diagnostics.count == 30_000)
    }

    @Test func manySystemsAndClassesCompile() throws {
        let systems = (0..<1000).map {
            "  s\($0): { addresses: [10.10.\($0 / 250).\($0 % 250)], services: [tcp/\($0 + 1)] }\n"
        }
        let classes = (0..<500).map {
            "  - { name: c\($0), when: { certificate: corporate, user: alice, group: staff, mfa: { within: \(500 - $0)h } }, "
                + "access: [s\($0)] }\n"
        }
        let result = try Packs.standard(replacing: [
            "systems.yaml": "systems:\n  finance: { addresses: [10.10.200.1], services: [tcp/1] }\n"
                + systems.joined(),
            "policy.yaml": "inside: [10.10.0.0/16]\nclasses:\n" + classes.joined(),
            "tests/staff.yaml": "tests: []", "tests/places.yaml": "tests: []",
            "tests/vendors.yaml": "tests: []",
            "approvals.csv": "reference,kind,user,approver,from\n", "properties.yaml": "without-mfa: []",
        ])
        #expect(result.policy?.classes.count == 501)
        #expect(result.diagnostics.count == 499)
    }
}
