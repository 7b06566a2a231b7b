import NIOCore
import NIOHTTP1

/// One connection's share of the load: sends a request, waits for its answer, sends the next.
///
/// Fulfils `done` after the last answer, and fails it at the first one that is not `200 OK`.
final class RequestLoop: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private var remaining: Int
  private let done: EventLoopPromise<Void>

  init(requests: Int, done: EventLoopPromise<Void>) {
    self.remaining = requests
    self.done = done
  }

  func channelActive(context: ChannelHandlerContext) {
    sendNext(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head) where head.status != .ok: fail(UnexpectedStatus(head.status), context)
    case .head, .body: break
    case .end: sendNext(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    done.fail(ChannelError.eof)  // does nothing when the last answer has come
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error, context)
  }

  /// Nine requests in ten read; the tenth orders.
  private func sendNext(_ context: ChannelHandlerContext) {
    guard remaining > 0 else {
      done.succeed()
      return context.close(promise: nil)
    }
    remaining -= 1
    let head = HTTPRequestHead(
      version: .http1_1,
      method: remaining % 10 == 0 ? .POST : .GET,
      uri: "/product-\(remaining & 255)",
      headers: ["host": "127.0.0.1", "content-length": "0"]
    )
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
    done.fail(error)
    context.close(promise: nil)
  }
}

/// The server did not answer with `200 OK`.
struct UnexpectedStatus: Error {
  var status: HTTPResponseStatus

  init(_ status: HTTPResponseStatus) {
    self.status = status
  }
}
