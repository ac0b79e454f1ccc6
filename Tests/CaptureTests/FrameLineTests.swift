import Capture
import PacketPath
import PacketSamples
import Testing

@Suite struct FrameLineTests {
    @Test(arguments: PacketSample.all)
    func line(_ sample: PacketSample) {
        let packet = PacketDecoder.decode(
            sample.bytes, link: LinkType(number: sample.link, bigEndian: false))
        var text: [UInt8] = []
        FrameLine.append(packet, number: 4096, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "4096\t\(sample.line)\n")
    }
}
