import Evidence
import Foundation
import Sessions
import Store
import TestSupport
import Testing

/// A disk that is full, or takes no changes: a clear answer, and a store that goes on.
@Suite(.serialized) struct FullDiskTests {
    private func changes(_ numbers: Range<Int64>) -> [StoreChange] {
        numbers.map { .posture(device: "LT-\($0)", posture($0), reporter: "mdm", at: .seconds($0)) }
    }

    private func isFull(_ error: StoreError) -> Bool { if case .diskFull = error { true } else { false } }
    private func isReadOnly(_ error: StoreError) -> Bool { if case .readOnly = error { true } else { false } }

    /// SQLite's own limit, as near as a test without rights comes.
    @Test func saysThatTheDatabaseIsFull() throws {
        try withFreshPath { path in
            let hold = Hold(subject: .user("emp"), since: .seconds(1), by: "root")
            // The limit is the connection's, so it holds in the process that makes the step, and not after it.
            let limited = Schema(migrations: Schema.current.migrations + ["PRAGMA max_page_count = 40"])
            try Store(directory: path).add(hold: hold)
            do {
                let store = try Store(directory: path, schema: limited)
                let error = try #require(
                    #expect(throws: StoreError.self) { try store.perform(changes(0..<5000)) })
                #expect(isFull(error), "\(error)")
                #expect(error.description.contains("cannot store 5000 changes"))
                // Nothing of it is there, and what fits is taken.
                #expect(try store.postures().isEmpty)
                try store.perform(changes(0..<5))
                #expect(try store.postures().count == 5)
            }
            let store = try Store(directory: path, schema: limited)
            try store.perform(changes(0..<5000))
            #expect(try store.postures().count == 5000)
            #expect(try store.holds() == [hold])
        }
    }

    /// A small file system of its own, filled by another file.
    @Test(.needsRoot) func goesOnOnceThereIsRoomAgain() throws {
        try withSmallDisk { disk in
            let path = disk + "/state"
            let store = try Store(directory: path)
            try store.perform(changes(0..<10))
            try fill(disk)
            var refused = 0
            for number in Int64(10)..<200 {
                do throws(StoreError) {
                    try store.perform(changes(number..<(number + 1)))
                } catch {
                    #expect(isFull(error), "\(error)")
                    refused += 1
                }
            }
            #expect(refused > 0)
            let kept = try store.postures()
            #expect(kept.count == 200 - refused)
            try FileManager.default.removeItem(atPath: disk + "/filler")
            try store.perform(changes(1000..<1010))
            store.close()
            let found = try Store(directory: path).postures()
            #expect(found.count == kept.count + 10)
            #expect(found.filter { kept[$0.key] != nil } == kept)
        }
    }

    /// On a full disk a store cannot be made, nor a damaged one be replaced: it is not touched then.
    @Test(.needsRoot) func makesNoStoreOnAFullDisk() throws {
        try withSmallDisk { disk in
            let path = disk + "/state"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try Data("no database".utf8).write(to: Store.file(in: path))
            try fill(disk)
            let error = try #require(
                #expect(throws: StoreError.self) {
                    try Store.openOrSetAside(directory: path, at: .seconds(1))
                })
            #expect(isFull(error), "\(error)")
            #expect(try Data(contentsOf: Store.file(in: path)) == Data("no database".utf8))
            try FileManager.default.removeItem(atPath: disk + "/filler")
            let opening = try Store.openOrSetAside(directory: path, at: .seconds(1))
            #expect(opening.setAside != nil)
        }
    }

    @Test(.needsRoot) func refusesADiskThatTakesNoChanges() throws {
        try withSmallDisk { disk in
            let path = disk + "/state"
            let hold = Hold(subject: .user("emp"), since: .seconds(1), by: "root")
            try Store(directory: path).add(hold: hold)
            let before = try Data(contentsOf: Store.file(in: path))
            try shell("mount -o remount,ro \(disk)")
            for _ in 0..<2 {
                let error = try #require(
                    #expect(throws: StoreError.self) {
                        try Store.openOrSetAside(directory: path, at: .seconds(1))
                    })
                #expect(isReadOnly(error), "\(error)")
            }
            let elsewhere = try #require(
                #expect(throws: StoreError.self) { try Store(directory: disk + "/other") })
            #expect(elsewhere.description.contains("Read-only file system"))
            try shell("mount -o remount,rw \(disk)")
            #expect(try Data(contentsOf: Store.file(in: path)) == before)
            let opening = try Store.openOrSetAside(directory: path, at: .seconds(1))
            #expect(opening.setAside == nil)
            #expect(try opening.store.holds() == [hold])
        }
    }

    private func fill(_ disk: String) throws {
        // It ends with "no space left", which is what is wanted.
        try shell("head -c 4000000 /dev/zero > \(disk)/filler || true")
    }

    private func withSmallDisk(_ body: (String) throws -> Void) throws {
        try withFreshPath { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try shell("mount -t tmpfs -o size=1m,mode=700 tmpfs \(path)")
            defer { _ = try? shell("umount \(path)") }
            try body(path)
        }
    }
}
