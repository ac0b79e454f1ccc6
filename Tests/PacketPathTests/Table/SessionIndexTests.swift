import PacketPath
import Testing

@Suite struct SessionIndexTests {
    @Test func emptyIndexFindsNothing() throws {
        let index = try SessionIndex(key: (1, 2))
        #expect(index.find(IPv4SessionKey(interface: 1, address: 2)) == 0)
    }
}
