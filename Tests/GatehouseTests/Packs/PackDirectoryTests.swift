import Foundation
import PolicyLanguage
import TestSupport
import Testing

@testable import gatehouse

/// What stands in a pack's folder that is no rule file.
struct PackDirectoryTests {
    private static let clean = [
        "policy.yaml": "inside: [10.10.0.0/16]\nclasses:\n  - { name: nobody, access: none }\n"
    ]

    /// In a folder with a pack that is good, after a shell has been there.
    private func pack(after commands: String) throws -> Result<[String], PackUnreadable> {
        var result = Result<[String], PackUnreadable>.success([])
        try Executable.inFolder(Self.clean) { folder in
            try shell("cd '\(folder)'; mkdir vendors tests; \(commands)")
            do {
                result = .success(try PackDirectory(path: folder).files().map(\.path))
            } catch let unreadable as PackUnreadable {
                result = .failure(
                    PackUnreadable(
                        path: unreadable.path.replacing(folder, with: ""), reason: unreadable.reason))
            }
        }
        return result
    }

    static let refused: [(commands: String, says: String)] = [
        ("mkfifo systems.yaml", "/systems.yaml: is no plain file"),
        ("ln -s /dev/zero devices.csv", "/devices.csv: is no plain file"),
        ("mkdir vendors/folder.yaml", "/vendors/folder.yaml: is no plain file"),
        ("ln -s loop.yaml loop.yaml", "/loop.yaml: its links go round in a circle"),
        ("ln -s nowhere vendors/gone.yaml", "/vendors/gone.yaml: there is no such file"),
        (
            "rmdir tests; ln -s . tests; ln -s tests/tests/tests/policy.yaml a.yaml; rm policy.yaml; ln -s a.yaml policy.yaml",
            "/a.yaml: its links go round in a circle"
        ),
        ("cd vendors; seq -f v%g.yaml 10001 | xargs touch", ": more than 10000 files"),
    ]

    @Test(arguments: refused) func isRefusedWithItsName(commands: String, says: String) throws {
        switch try pack(after: commands) {
        case .success(let files): Issue.record("read \(files.count) files")
        case .failure(let unreadable): #expect(unreadable.description == says)
        }
    }

    static let accepted: [(commands: String, files: [String], why: String)] = [
        ("mv policy.yaml p; ln -s p policy.yaml", ["policy.yaml"], "a link to a file is the file"),
        ("ln -s .. vendors/parent", ["policy.yaml"], "folders in folders are not looked into"),
        ("touch .policy.yaml.swp vendors/.v.yaml README.md policy.yaml~", ["policy.yaml"], "not of the pack"),
        (
            "touch vendors/v.yaml tests/t.yaml users.csv",
            ["policy.yaml", "users.csv", "vendors/v.yaml", "tests/t.yaml"], "all"
        ),
    ]

    @Test(arguments: accepted) func isRead(commands: String, files: [String], why: String) throws {
        #expect(try pack(after: commands).get() == files, "\(why)")
    }

    @Test func ofALargeFileOnlyABitMoreThanAllowedIsRead() throws {
        try Executable.inFolder(Self.clean) { folder in
            try shell("truncate -s 64M '\(folder)/systems.yaml'; truncate -s 10G '\(folder)/devices.csv'")
            let files = try PackDirectory(path: folder).files()
            #expect(files.map(\.bytes.count).max() == (32 << 20) + 1)
            #expect(
                try RulePack.read(folder, at: SystemClock().now()).diagnostics.map(\.id) == [
                    .fileTooLarge, .fileTooLarge,
                ])
        }
    }
}
