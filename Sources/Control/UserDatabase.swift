package import ControlAPI
internal import Glibc

/// The machine's users and groups, wherever they are kept (nsswitch.conf(5)): a look-up may take its time.
package enum UserDatabase {
    /// The groups by name or number, and those names that there are not.
    package static func groups(_ names: [Role: String]) -> (known: RoleGroups, missing: [Role: String]) {
        let numbers = names.mapValues { UInt32($0) ?? number(ofGroup: $0) }
        let missing = names.filter { numbers[$0.key] == .some(nil) }
        return (RoleGroups(numbers.compactMapValues(\.self)), missing)
    }

    static func name(ofUser uid: UInt32) -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 1 << 14)
        // The entry's strings lie in the buffer, so the name is copied before the buffer goes.
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe getpwuid_r(uid, &entry, start, buffer.count, &found) == 0, unsafe found != nil,
                let name = unsafe entry.pw_name
            else { return nil }
            return unsafe String(cString: name)
        }
    }

    private static func number(ofGroup name: String) -> UInt32? {
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        // A group's members are in it too.
        var buffer = [CChar](repeating: 0, count: 1 << 20)
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe getgrnam_r(name, &entry, start, buffer.count, &found) == 0, unsafe found != nil
            else { return nil }
            return unsafe entry.gr_gid
        }
    }
}
