import AlertSinks
import Alerts
import Foundation
import Glibc
import Sessions

/// Hands in alerts until it is killed, and says of each when it is on the disk. For the tests of what a kill may cost.
///
///     AlertCourier FOLDER PORT SECRET RUN COUNT
let words = CommandLine.arguments
guard words.count == 6, let port = Int(words[2]), let count = Int(words[5]),
    let secret = FileManager.default.contents(atPath: words[3])
        .flatMap({ WebhookSecret(file: Array($0)) })
else { exit(64) }

let now: @Sendable () -> Instant = { Instant(secondsSince1970: Int64(Date().timeIntervalSince1970)) }
let settings = WebhookSink.Settings(
    isEncrypted: false, host: "127.0.0.1", port: port, path: "/", patience: .seconds(2), gateway: "test")
let worker = SinkWorker(
    name: "hook", route: AlertRoute(), sink: WebhookSink(settings, secret: { secret }, now: now),
    spool: Spool(words[1]), backoff: Backoff(first: .milliseconds(5), longest: .milliseconds(50)), now: now)
let center = AlertCenter(desk: AlertDesk(window: .seconds(60), run: words[4]), workers: [worker], now: now)
center.start()
for number in 0..<count {
    let id = center.tell(Sighting(.test, .notice, about: "\(number)", says: "number \(number)"))
    center.flush()
    print(id)
    fflush(nil)
}
while worker.look.queued > 0 { usleep(5000) }
