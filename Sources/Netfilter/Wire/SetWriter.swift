import CNetfilter
import NetworkTypes
import RulesetCompiler

extension OperationWriter {
    func addSet(_ set: SetDefinition, _ writer: inout MessageWriter) {
        writer.attribute(NFTA_SET_TABLE, text: table)
        writer.attribute(NFTA_SET_NAME, text: set.name)
        writer.attribute(NFTA_SET_FLAGS, set.flags)
        writer.attribute(NFTA_SET_KEY_TYPE, set.keyType)
        writer.attribute(NFTA_SET_KEY_LEN, UInt32(set.key.reduce(0) { $0 + $1.paddedLength }))
        if let data = set.data {
            writer.attribute(NFTA_SET_DATA_TYPE, data.number)
            writer.attribute(NFTA_SET_DATA_LEN, UInt32(data.length))
        }
        // Names the set within its batch; every set here has a name of its own, so one number does.
        writer.attribute(NFTA_SET_ID, UInt32(1))
        description(of: set, &writer)
        writer.attribute(NFTA_SET_USERDATA, bytes: set.userData)
    }

    private func description(of set: SetDefinition, _ writer: inout MessageWriter) {
        guard set.size != nil || set.hasIntervals else { return }
        writer.nest(NFTA_SET_DESC) { writer in
            if let size = set.size { writer.attribute(NFTA_SET_DESC_SIZE, size) }
            guard set.hasIntervals else { return }
            writer.nest(NFTA_SET_DESC_CONCAT) { writer in
                for part in set.key {
                    writer.nest(NFTA_LIST_ELEM) { $0.attribute(NFTA_SET_FIELD_LEN, UInt32(part.length)) }
                }
            }
        }
    }
}

extension SetDefinition {
    /// NFT_SET_CONCAT, since Linux 5.6.
    private static let concatenation: UInt32 = 0x80

    fileprivate var flags: UInt32 {
        (hasIntervals ? NFT_SET_INTERVAL.rawValue | Self.concatenation : 0)
            | (hasTimeouts ? NFT_SET_TIMEOUT.rawValue : 0) | (data == nil ? 0 : NFT_SET_MAP.rawValue)
    }

    /// The numbers of the parts, 6 bits each, as `nft` packs them; the kernel only hands it back.
    fileprivate var keyType: UInt32 { key.reduce(0) { $0 << 6 | $1.number } }

    /// What `nft` needs to know to list the set, as type, length, value: without the byte orders it shows marks and
    /// names turned round, and without `typeof` it can not name bits that have no type.
    fileprivate var userData: [UInt8] {
        let keyOrder: UInt32 = key == [.mark] || key == [.routeName] ? 1 : 0
        var bytes = UserData.number(UserData.keyByteOrder, keyOrder)
        if let data { bytes += UserData.number(UserData.dataByteOrder, data == .mark ? 1 : 0) }
        if key.contains(where: \.isBits) { bytes += UserData.typeOf(key) }
        if key == [.routeName] { bytes += UserData.typeOfRouteName }
        return bytes
    }
}

extension DataType {
    fileprivate var paddedLength: Int { (length + 3) & ~3 }

    /// `enum datatypes` of nft's include/datatype.h.
    fileprivate var number: UInt32 {
        switch self {
        case .interfaceIndex: 20
        case .routeName: 5
        case .ipProtocol: 12
        case .port: 13
        case .mark: 19
        case .verdict: UInt32(NFT_DATA_VERDICT.rawValue)
        case .address(.ipv4): 7
        case .address(.ipv6): 8
        case .transportBits: 4
        }
    }

    fileprivate var isBits: Bool {
        if case .transportBits = self { true } else { false }
    }
}

/// The private notes of `nft` on a set (libnftnl's udata.h, nft's src/mnl.c and src/payload.c).
private enum UserData {
    static let keyByteOrder: UInt8 = 0
    static let dataByteOrder: UInt8 = 1
    static let keyTypeOf: UInt8 = 3

    /// `enum expr_types` and `enum proto_bases` of nft.
    static let payloadExpression: UInt32 = 7
    static let concatenationExpression: UInt32 = 13
    static let fibExpression: UInt32 = 26
    static let transportBase: UInt32 = 3

    static func number(_ type: UInt8, _ value: UInt32) -> [UInt8] { entry(type, value.hostBytes) }

    private static func entry(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(truncatingIfNeeded: value.count)] + value
    }

    static func typeOf(_ key: [DataType]) -> [UInt8] {
        let parts = key.enumerated().flatMap { entry(UInt8(truncatingIfNeeded: $0.offset), part($0.element)) }
        return entry(keyTypeOf, number(0, concatenationExpression) + entry(1, parts))
    }

    static var typeOfRouteName: [UInt8] {
        let result = number(0, NFT_FIB_RESULT_OIFNAME.rawValue) + number(1, NFTA_FIB_F_DADDR.rawValue)
        return entry(keyTypeOf, number(0, fibExpression) + entry(1, result))
    }

    private static func part(_ type: DataType) -> [UInt8] {
        guard case .transportBits(let offset, let length) = type else { return [] }
        // No protocol and no field of one: raw bits.
        let payload =
            number(0, 0) + number(1, 0) + number(2, transportBase) + number(3, UInt32(offset))
            + number(4, UInt32(length))
        return number(0, payloadExpression) + entry(1, payload)
    }
}
