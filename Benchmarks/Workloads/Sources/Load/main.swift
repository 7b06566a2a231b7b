// `load PORT REQUESTS`: sends that many requests to the server on that port of loopback,
// over 32 connections, and ends with an error if one is not answered with `200 OK`.

import NIOCore
import NIOHTTP1
import NIOPosix

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard numbers.count == 2 else { fatalError("usage: load PORT REQUESTS") }
let (port, requests) = (numbers[0], numbers[1])

let connections = 32
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let loop = group.next()
let finished = try (0..<connections).map { connection in
  let done = loop.makePromise(of: Void.self)
  let share = (requests + connection) / connections  // the shares add up to `requests`
  _ = try ClientBootstrap(group: group)
    .channelOption(.socketOption(.tcp_nodelay), value: 1)
    .channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandler(RequestLoop(requests: share, done: done))
      }
    }
    .connect(host: "127.0.0.1", port: port).wait()
  return done.futureResult
}
try EventLoopFuture.andAllSucceed(finished, on: loop).wait()
try group.syncShutdownGracefully()
