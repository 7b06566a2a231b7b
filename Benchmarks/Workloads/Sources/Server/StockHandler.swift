import NIOCore
import NIOHTTP1

/// Answers `GET /NAME` with the count of a product, and `POST /NAME` by ordering one piece.
final class StockHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let stock: Stock
  private var request: HTTPRequestHead?

  init(stock: Stock) {
    self.stock = stock
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): request = head
    case .body: break
    case .end: respond(context)
    }
  }

  private func respond(_ context: ChannelHandlerContext) {
    guard let request else { return }
    self.request = nil
    let product = String(request.uri.dropFirst())
    let count = request.method == .POST ? stock.order(product) : stock.count(of: product)

    let body = context.channel.allocator.buffer(
      string: count.map { "{\"product\":\"\(product)\",\"count\":\($0)}" } ?? "{}")
    var head = HTTPResponseHead(version: request.version, status: count == nil ? .notFound : .ok)
    head.headers.add(name: "content-type", value: "application/json")
    head.headers.add(name: "content-length", value: String(body.readableBytes))
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
