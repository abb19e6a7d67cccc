import NIOCore
import Transcoding
import Wire

// Unary calls of plain requests without a task: what most requests are. The request becomes a call in the turn in which it
// has come, and the reply an answer in the turn in which that has come; nothing waits in between but the call itself.
// Whatever has to wait for something else is served by `handle`, from its beginning or from where it stands.
extension EdgeCore {
    /// Begins to serve a request; false: `handle` serves it.
    ///
    /// On true the connection's `completed` follows, on the loop.
    func start(_ exchange: HTTP1Exchange) -> Bool {
        guard exchange.fault == nil, exchange.bodyHasEnded, !(configuration.isTraced && EdgeTracing.hasInstrument),
            requestsInFlight < configuration.maxRequestsInFlight, pages[exchange.path] == nil,
            let (route, path) = direct(exchange), let channel = try? channel(route.call)
        else { return false }
        (exchange.route, exchange.call) = (route, route.call)
        prepare(exchange)
        guard let maker = try? RequestMaker(route, path, exchange, routes.transcoder) else { return false }
        let summary = summary(exchange)
        do throws(RPCError) {
            guard let admission = try guardian.admitNow(summary, to: route.call.admitted) else { return false }
            // Counted and charged from here on: `handle` finds it here, and asks no more.
            note(admission, exchange)
            exchange.admission = admission
            guard !admission.mustBeConfirmed, let body = exchange.wholeBodyNow() else { return false }
            begin(exchange)
            let request = try maker.message(json: body)
            let options = try CallTerms.options(exchange, route.call, admission, configuration)
            let context = exchange.loop.context
            exchange.running = channel.startUnaryBytes(
                route.call.descriptor, request, options: options, on: context
            ) { ending in
                exchange.running = nil
                self.callEnded(exchange, route, ending, request, options)
            }
            if exchange.running == nil { callAnew(exchange, route, request, options) }
        } catch {
            if exchange.admission == nil { begin(exchange) }
            answerNow(exchange, failure: error)
        }
        return true
    }

    /// The route of a request that needs nothing but a unary call with what is here.
    private func direct(_ exchange: HTTP1Exchange) -> (Route, RequestPath?)? {
        var found = routes.find(exchange.method, exchange.path)
        var path: RequestPath?
        if found == nil, let parsed = try? RequestPath(exchange.path) {
            path = parsed
            if case .found(let route) = routes.find(exchange.method, parsed) { found = route }
        }
        guard let route = found, route.call.descriptor.kind == .unary, route.upload == nil, route.download == nil,
            exchange.fields.known.contentDigest == nil, exchange.bytesIn <= configuration.offloadBytes,
            exchange.bytesIn <= bodyLimit(route),
            (try? RequestMedia.check(exchange, route)) != nil,
            (try? AnswerFormat.choose(exchange.fields.known.accept, route)) != nil
        else { return nil }
        // A body where there is to be none, or of no type: `handle` says so.
        if exchange.bytesIn > 0, route.body == .none || exchange.fields.known.contentType == nil { return nil }
        return (route, path)
    }

    private func callEnded(
        _ exchange: HTTP1Exchange, _ route: Route, _ ending: UnaryEnding, _ request: [UInt8], _ options: CallOptions
    ) {
        switch ending {
        case .again: callAnew(exchange, route, request, options)
        case .failed(let error): answerNow(exchange, failure: .upstream(error, route.call.peer))
        case .reply(let reply):
            guard reply.count <= configuration.offloadBytes else { return answerLater(exchange, route, reply) }
            do throws(RPCError) {
                let json = try Self.json(reply, route, routes.transcoder)
                answerNow(exchange, EdgeResponse(contentType: "application/json", body: json))
            } catch {
                answerNow(exchange, failure: error)
            }
        }
    }

    // MARK: Answers

    private func answerNow(_ exchange: HTTP1Exchange, failure error: RPCError) {
        if let response = failure(of: exchange, error) { return answerNow(exchange, response) }
        exchange.abortNow()
        completed(exchange)
    }

    private func answerNow(_ exchange: HTTP1Exchange, _ response: EdgeResponse) {
        var response = response
        complete(&response, exchange)
        if exchange.respondNow(response) { return completed(exchange) }
        // It is large: the client takes it piece by piece.
        let whole = response
        inTask(exchange) { await exchange.respond(whole) }
    }

    private func answerLater(_ exchange: HTTP1Exchange, _ route: Route, _ reply: [UInt8]) {
        inTask(exchange) {
            do throws(RPCError) { try await self.answer(exchange, route, reply) } catch {
                await self.fail(exchange, error)
            }
        }
    }

    /// Makes the call in a task, which can wait for a connection and try again.
    private func callAnew(_ exchange: HTTP1Exchange, _ route: Route, _ request: [UInt8], _ options: CallOptions) {
        inTask(exchange) {
            do throws(RPCError) { try await self.serveUnary(exchange, route, request, options) } catch {
                await self.fail(exchange, error)
            }
        }
    }

    private func inTask(_ exchange: HTTP1Exchange, _ body: @escaping @Sendable () async -> Void) {
        exchange.task = Task.immediate(executorPreference: exchange.loop.context) {
            await body()
            exchange.task = nil
            self.completed(exchange)
        }
    }

    private func completed(_ exchange: HTTP1Exchange) {
        end(exchange)
        exchange.completed()
    }
}
