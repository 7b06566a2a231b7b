// An HTTP server on a free port of loopback. It writes `port=N` when it is ready,
// and ends when its standard input does.

import NIOCore
import NIOHTTP1
import NIOPosix
import Workload

let stock = Stock(products: 256)
let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
let channel = try ServerBootstrap(group: group)
  .serverChannelOption(.backlog, value: 256)
  .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
  .childChannelInitializer { [stock] channel in
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.configureHTTPServerPipeline()
      try channel.pipeline.syncOperations.addHandler(StockHandler(stock: stock))
    }
  }
  .bind(host: "127.0.0.1", port: 0).wait()

Workload.announce("port=\(channel.localAddress!.port!)")
while readLine() != nil {}

try channel.close().wait()
try group.syncShutdownGracefully()
Workload.finish(result: stock.orderCount)
