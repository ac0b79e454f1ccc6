import CLinux
import CMaxMindDB
import Evidence
import Glibc
import NetworkTypes

/// A MaxMind file (.mmdb), checked whole here and then looked up by libmaxminddb.
///
/// libmaxminddb checks little when it opens a file, finds damage only at the look-up that meets it, and maps the file,
/// so that shortening the file in place ends the process (SIGBUS). So it gets a sealed copy in memory, which nobody can
/// change or shorten, and only after every node and every value in it has been followed. What it then answers is used
/// where it agrees with the layout that was checked; an error of a look-up is "not known".
@safe
final class MaxMindDatabase: @unchecked Sendable {
    // Sendable: the library only reads what the pointers lead to, and so do we until deinit.

    let layout: MaxMindLayout
    private let database: UnsafeMutablePointer<MMDB_s>
    private let field: Field

    /// - Throws: a fault for anything in the file that is not as the format says, and when no record names a country.
    init(_ file: [UInt8], metadataStart: Int) throws(DatabaseFault) {
        let layout = try MaxMindLayout(file, metadataStart: metadataStart)
        let offsets = try MaxMindTree(file, layout).check()
        var values = MaxMindValues(file, section: layout.data)
        for offset in offsets { try values.check(at: layout.data.lowerBound + Int(offset)) }
        let database = unsafe try Self.open(file, layout)
        guard let field = unsafe Self.fieldWithCountry(database, offsets) else {
            unsafe Self.close(database)
            throw DatabaseFault(.file, "no record of this database (\(layout.databaseType)) names a country")
        }
        self.layout = layout
        unsafe self.database = database
        self.field = field
    }

    deinit { unsafe Self.close(database) }

    func country(of address: IPAddress) -> CountryCode? {
        guard var result = unsafe find(address), unsafe result.found_entry else { return nil }
        return unsafe field.country(&result.entry)
    }

    /// Nil when no record has the address.
    func match(_ address: IPAddress) -> DatabaseMatch? {
        guard var result = unsafe find(address), unsafe result.found_entry else { return nil }
        var length = unsafe Int(result.netmask)
        // For an IPv4 address in a tree of IPv6 addresses the 96 bits in front count too.
        if address.family == .ipv4, layout.ipVersion == 6 { length = max(0, length - 96) }
        let width = address.family.bitWidth
        guard length <= width else { return nil }
        let hostBits = UInt128(width - length)
        // A shift by the whole width is zero, which makes the mask whole.
        let mask = (UInt128(1) << hostBits) &- 1
        guard let first = IPAddress(family: address.family, bits: address.bits & ~mask),
            let last = IPAddress(family: address.family, bits: address.bits | mask)
        else { return nil }
        return unsafe DatabaseMatch(first, last, field.country(&result.entry))
    }

    private func find(_ address: IPAddress) -> MMDB_lookup_result_s? {
        // Not an error of the library's: it is asked only what the tree can answer.
        if address.family == .ipv6, layout.ipVersion == 4 { return nil }
        var error: Int32 = MMDB_SUCCESS
        let result: MMDB_lookup_result_s
        switch address.family {
        case .ipv4:
            var socket = sockaddr_in()
            socket.sin_family = sa_family_t(AF_INET)
            socket.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.bits).bigEndian
            // The structure lives through the call, and the library reads no more of it than its family has.
            unsafe result = withUnsafePointer(to: &socket) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe MMDB_lookup_sockaddr(database, $0, &error)
                }
            }
        case .ipv6:
            var socket = sockaddr_in6()
            socket.sin6_family = sa_family_t(AF_INET6)
            unsafe withUnsafeMutableBytes(of: &socket.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: address.bits.bigEndian, as: UInt128.self)
            }
            unsafe result = withUnsafePointer(to: &socket) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe MMDB_lookup_sockaddr(database, $0, &error)
                }
            }
        }
        return error == MMDB_SUCCESS ? unsafe result : nil
    }

    // MARK: Opening and closing

    private static func open(
        _ file: [UInt8], _ layout: MaxMindLayout
    ) throws(DatabaseFault) -> UnsafeMutablePointer<MMDB_s> {
        let descriptor = unsafe file.withUnsafeBytes { bytes -> Int32 in
            // Not empty: it has metadata.
            guard let start = bytes.baseAddress else { return -1 }
            return unsafe gh_make_sealed_file("gatehouse-country", start, bytes.count)
        }
        guard descriptor >= 0 else {
            throw DatabaseFault(.file, "no copy in memory: \(unsafe String(cString: strerror(errno)))")
        }
        // The library's mapping holds the copy; the descriptor is needed until it has that.
        defer { Glibc.close(descriptor) }
        let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
        unsafe database.initialize(to: MMDB_s())
        let error = unsafe MMDB_open("/proc/self/fd/\(descriptor)", UInt32(MMDB_MODE_MMAP), database)
        guard error == MMDB_SUCCESS else {
            unsafe database.deallocate()
            throw DatabaseFault(.file, "libmaxminddb: \(unsafe String(cString: MMDB_strerror(error)))")
        }
        let metadata = unsafe database.pointee.metadata
        guard unsafe Int(metadata.node_count) == layout.nodeCount,
            unsafe Int(metadata.record_size) == layout.recordSize,
            unsafe Int(metadata.ip_version) == layout.ipVersion
        else {
            unsafe close(database)
            throw DatabaseFault(.file, "libmaxminddb reads other metadata in it than were checked")
        }
        return unsafe database
    }

    private static func close(_ database: UnsafeMutablePointer<MMDB_s>) {
        unsafe MMDB_close(database)
        unsafe database.deallocate()
    }

    // MARK: The field

    /// The first layout of records in which some record of the database names a country.
    private static func fieldWithCountry(
        _ database: UnsafeMutablePointer<MMDB_s>, _ offsets: [UInt32]
    ) -> Field? {
        Field.all.first { field in
            offsets.contains { offset in
                var entry = unsafe MMDB_entry_s(mmdb: database, offset: offset)
                return unsafe field.country(&entry) != nil
            }
        }
    }
}

/// Where in a record the country stands.
///
/// `country` is where the address is. Not `registered_country`, which is where the network's owner is registered, nor
/// `represented_country`, which is whose army sits at the other end.
@safe
private struct Field: Sendable {
    // Never freed: there are three of them.
    nonisolated(unsafe) private let path: UnsafePointer<UnsafePointer<CChar>?>

    private init(_ keys: String...) {
        let path = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: keys.count + 1)
        for (index, key) in keys.enumerated() {
            unsafe (path + index).initialize(to: UnsafePointer(strdup(key)))
        }
        unsafe (path + keys.count).initialize(to: nil)
        unsafe self.path = UnsafePointer(path)
    }

    /// MaxMind and DB-IP; then flat records, in which `country` can be a code or a name, so `country_code` first.
    static let all = [Field("country", "iso_code"), Field("country_code"), Field("country")]

    func country(_ entry: inout MMDB_entry_s) -> CountryCode? {
        var data = unsafe MMDB_entry_data_s()
        guard unsafe MMDB_aget_value(&entry, &data, path) == MMDB_SUCCESS, unsafe data.has_data,
            unsafe data.type == UInt32(MMDB_DATA_TYPE_UTF8_STRING), unsafe data.data_size == 2,
            let text = unsafe data.utf8_string
        else { return nil }
        // The library hands out a pointer to `data_size` bytes of the mapped copy, which were checked to be there.
        return unsafe text.withMemoryRebound(to: UInt8.self, capacity: 2) {
            unsafe Countries.code(Countries.number($0[0], $0[1]))
        }
    }
}
