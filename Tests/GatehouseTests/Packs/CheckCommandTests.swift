import Foundation
import Testing

struct CheckCommandTests {
    private static let rules = FileManager.default.currentDirectoryPath + "/rules"

    @Test func everythingThatIsShippedMayBeLoaded() throws {
        let result = try Executable.run("check rules/*", in: FileManager.default.currentDirectoryPath)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("rules/imports: 4 of 4 mappings for imports can be used"))
        #expect(result.output.contains("rules/psps: "))
    }

    /// One that cannot be read, or may not be loaded, does not hide the others.
    @Test(arguments: [
        ("check missing '\(rules)/default'", 2, "missing: no such directory"),
        ("check empty '\(rules)/default'", 1, "empty: not loadable"),
        ("check imports '\(rules)/default'", 1, "imports: 0 of 1 mappings"),
        ("check", 64, "Missing expected argument"),
    ])
    func whatIsWrongIsSaidOfEach(_ words: String, _ status: Int, _ said: String) throws {
        let files = ["empty/systems.yaml": "systems: {}\n", "imports/a.yaml": "register: shoes\n"]
        try Executable.inFolder(files) { folder in
            let result = try Executable.run(words, in: folder)
            #expect(result.status == status && result.output.contains(said), "\(result.output)")
            if words != "check" { #expect(result.output.contains("properties proved")) }
        }
    }

    @Test func severalAreAListInJSON() throws {
        try Executable.inFolder { folder in
            let one = try Executable.run("check '\(Self.rules)/default' --json", in: folder)
            #expect(one.status == 0 && one.output.hasPrefix("{"))
            let two = try Executable.run(
                "check '\(Self.rules)/default' '\(Self.rules)/imports' --json", in: folder)
            #expect(two.status == 0 && two.output.hasPrefix("["))
        }
    }
}
