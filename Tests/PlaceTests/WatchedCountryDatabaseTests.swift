import Dispatch
import Evidence
import Foundation
import Glibc
import NetworkTypes
import Place
import Synchronization
import Testing

@Suite struct WatchedCountryDatabaseTests {
    private let folder: Folder
    private let address = IPAddress(ipv4: 5)

    init() throws { folder = try Folder() }

    private func text(_ code: String) -> [UInt8] { Array("1,10,\(code)\n".utf8) }

    /// What a refresh came to, in a word or the reason.
    private func refresh(_ watched: WatchedCountryDatabase) -> String {
        switch watched.refresh() {
        case .unchanged: "unchanged"
        case .changing: "changing"
        case .loaded: "loaded"
        case .refused(let error): error.description.replacing(folder.path(""), with: "")
        }
    }

    @Test func nothingUntilThereIsAFile() throws {
        let watched = WatchedCountryDatabase(paths: [folder.path("geoip")])
        #expect(watched.country(of: address) == nil)
        #expect(refresh(watched).hasSuffix("geoip: No such file or directory"))
        #expect(refresh(watched) == "unchanged")
        _ = try folder.write("geoip", text("GB"))
        #expect(refresh(watched) == "loaded")
        #expect(watched.country(of: address)?.description == "GB")
        #expect(refresh(watched) == "unchanged")
    }

    @Test func replacedFileIsReadAtOnce() throws {
        let watched = WatchedCountryDatabase(paths: [try folder.write("geoip", text("GB"))])
        #expect(refresh(watched) == "loaded")
        try folder.replace("geoip", text("FR"))
        #expect(refresh(watched) == "loaded")
        #expect(watched.country(of: address)?.description == "FR")
    }

    /// Its end may be missing yet.
    @Test func fileWrittenInPlaceIsReadWhenItHasSettled() throws {
        let path = try folder.write("geoip", text("GB"))
        let watched = WatchedCountryDatabase(paths: [path])
        #expect(refresh(watched) == "loaded")
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.write(contentsOf: Array("1,10,FR\n".utf8))
        try file.write(contentsOf: Array("11,20,FR\n".utf8))
        #expect(refresh(watched) == "changing")
        try file.write(contentsOf: Array("21,30,FR\n".utf8))
        #expect(refresh(watched) == "changing")
        #expect(watched.country(of: address)?.description == "GB")
        #expect(refresh(watched) == "loaded")
        #expect(watched.country(of: address)?.description == "FR")
    }

    @Test func badFileLeavesTheOldOneInForce() throws {
        let watched = WatchedCountryDatabase(paths: [try folder.write("geoip", text("GB"))])
        #expect(refresh(watched) == "loaded")
        try folder.replace("geoip", Array("1,10,FR\nrubbish\n".utf8))
        #expect(refresh(watched).contains("geoip:2: expected FIRST,LAST,CC"))
        #expect(refresh(watched) == "unchanged", "said once")
        #expect(watched.country(of: address)?.description == "GB")
        try FileManager.default.removeItem(atPath: folder.path("geoip"))
        #expect(refresh(watched).hasSuffix("No such file or directory"))
        #expect(watched.country(of: address)?.description == "GB")
        try folder.replace("geoip", text("FR"))
        #expect(refresh(watched) == "loaded")
        #expect(watched.country(of: address)?.description == "FR")
    }

    @Test func oneOfTwoFilesIsWrong() throws {
        let paths = [try folder.write("a", text("GB")), try folder.write("b", "11,20,FR")]
        let watched = WatchedCountryDatabase(paths: paths)
        #expect(refresh(watched) == "loaded")
        try folder.replace("a", text("DE"))
        try folder.replace("b", [])
        #expect(refresh(watched).hasSuffix("b: empty"))
        #expect(watched.country(of: address)?.description == "GB", "nothing is taken from one file alone")
    }

    @Test(arguments: ["folder", "/dev/zero", "pipe"]) func notAFile(_ name: String) throws {
        if name == "folder" {
            try FileManager.default.createDirectory(
                atPath: folder.path(name), withIntermediateDirectories: false)
        } else if name == "pipe" {
            #expect(unsafe mkfifo(folder.path(name), 0o600) == 0)
        }
        let path = name.hasPrefix("/") ? name : folder.path(name)
        #expect(refresh(WatchedCountryDatabase(paths: [path])).hasSuffix("\(name): not a regular file"))
    }

    /// A mapped file that is shortened would end the process at the next look-up.
    @Test func shortenedWhileInUse() throws {
        let networks = [("0.0.0.0/29", "GB"), ("2001:218::/32", "JP")]
        let path = try folder.write("a.mmdb", try MaxMindWriter(networks).file())
        let watched = WatchedCountryDatabase(paths: [path])
        #expect(refresh(watched) == "loaded")
        #expect(unsafe truncate(path, 0) == 0)
        #expect(watched.country(of: address)?.description == "GB")
        #expect(refresh(watched) == "changing")
        #expect(refresh(watched).hasSuffix("a.mmdb: empty"))
        #expect(watched.country(of: address)?.description == "GB")
    }

    /// Look-ups from another thread while files come and go: always one of the two countries.
    @Test func lookUpsWhileReloading() throws {
        let watched = WatchedCountryDatabase(paths: [try folder.write("geoip", text("GB"))])
        #expect(refresh(watched) == "loaded")
        let reader = Reader(watched, address)
        // A thread of its own: those of the pool are for those who give them back.
        Thread { reader.run() }.start()
        for round in 0..<20 {
            try folder.replace("geoip", text(round % 2 == 0 ? "FR" : "GB"))
            #expect(refresh(watched) == "loaded")
        }
        #expect(reader.stop().isSubset(of: ["GB", "FR"]))
    }

    private final class Reader: Sendable {
        private let watched: WatchedCountryDatabase
        private let address: IPAddress
        private let isAskedToStop = Atomic(false)
        private let hasStopped = DispatchSemaphore(value: 0)
        private let seen = Mutex<Set<String>>([])

        init(_ watched: WatchedCountryDatabase, _ address: IPAddress) {
            self.watched = watched
            self.address = address
        }

        func run() {
            // Relaxed: nothing but the flag itself is handed over; the semaphore and the mutex do the rest.
            while !isAskedToStop.load(ordering: .relaxed) {
                let country = watched.country(of: address)?.description ?? "unknown"
                seen.withLock { _ = $0.insert(country) }
            }
            hasStopped.signal()
        }

        func stop() -> Set<String> {
            isAskedToStop.store(true, ordering: .relaxed)
            hasStopped.wait()
            return seen.withLock { $0 }
        }
    }
}
