"""A stand-in for the APIs of language models, on a port of the loopback interface.

It keeps what an agent sends (`requests`) and answers every prompt with one word, or first with the
use of a tool (`use`, claude-code's), of which `results` are what came of it. `hold` makes it
answer a prompt only after `release`, so that a test can change files while the agent waits.
"""

import contextlib
import http.server
import json
import threading

ANSWER = "understood"
USAGE = {"input_tokens": 1, "output_tokens": 1}


def anthropic_events(model):
    """The answer of POST /v1/messages, event by event."""
    message = {"id": "msg_0", "type": "message", "role": "assistant", "model": model, "content": [],
               "stop_reason": None, "stop_sequence": None, "usage": USAGE}
    text = {"type": "text_delta", "text": ANSWER}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    return [{"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": text},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}},
            {"type": "message_stop"}]


def anthropic_use(model, name, given):
    """The answer of POST /v1/messages that asks for the use of a tool, event by event."""
    events = anthropic_events(model)
    block = {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": {}}
    text = {"type": "input_json_delta", "partial_json": json.dumps(given)}
    events[1]["content_block"], events[2]["delta"] = block, text
    events[4]["delta"]["stop_reason"] = "tool_use"
    return events


def anthropic_message(model):
    return {"id": "msg_0", "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": ANSWER}], "stop_reason": "end_turn",
            "stop_sequence": None, "usage": USAGE}


def openai_events():
    """The answer of POST /v1/responses, event by event."""
    item = {"type": "message", "id": "item_0", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": ANSWER, "annotations": []}]}
    usage = {**USAGE, "total_tokens": 2, "input_tokens_details": {"cached_tokens": 0},
             "output_tokens_details": {"reasoning_tokens": 0}}
    started = {"id": "resp_0", "object": "response", "status": "in_progress", "output": []}
    completed = {**started, "status": "completed", "output": [item], "usage": usage}
    return [{"type": "response.created", "response": started},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": completed}]


def chat_answer(model, streamed):
    """The answer of POST /v1/chat/completions: whole, or as a stream."""
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    message = {"role": "assistant", "content": ANSWER}
    answer = {"id": "chat_0", "created": 0, "model": model, "usage": usage}
    if not streamed:
        return json.dumps({**answer, "object": "chat.completion", "choices": [
            {"index": 0, "message": message, "finish_reason": "stop"}]})
    parts = [{"index": 0, "delta": message, "finish_reason": None},
             {"index": 0, "delta": {}, "finish_reason": "stop"}]
    lines = [json.dumps({**answer, "object": "chat.completion.chunk", "choices": [part]})
             for part in parts]
    return "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])


def gemini_answer():
    """The answer of POST …:generateContent, and each part of a stream of them."""
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": ANSWER}]},
                            "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1,
                              "totalTokenCount": 2}}


def stream(events):
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Says nothing: the tests' output is their own."""

    def answer(self, body, kind):
        data = body.encode()
        with contextlib.suppress(OSError):  # an agent may have gone meanwhile
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    def answer_json(self, value):
        self.answer(json.dumps(value), "application/json")

    def do_GET(self):
        self.answer_json({"data": []})

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
        try:
            asked = json.loads(body)
        except ValueError:
            asked = {}
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            self.answer_json({"input_tokens": 1})
        elif path.endswith("/messages"):
            self.server.llm.prompted(body)
            model = asked.get("model", "model")
            if asked.get("stream"):
                self.answer(stream(self.server.llm.anthropic(model, asked)), "text/event-stream")
            else:
                self.answer_json(anthropic_message(model))
        elif path.endswith("/responses"):
            self.server.llm.prompted(body)
            self.answer(stream(openai_events()), "text/event-stream")
        elif path.endswith("/chat/completions"):
            self.server.llm.prompted(body)
            streamed = bool(asked.get("stream"))
            self.answer(chat_answer(asked.get("model", "model"), streamed),
                        "text/event-stream" if streamed else "application/json")
        elif path.endswith(":generateContent"):
            self.server.llm.prompted(body)
            self.answer_json(gemini_answer())
        elif path.endswith(":streamGenerateContent"):
            self.server.llm.prompted(body)
            self.answer(f"data: {json.dumps(gemini_answer())}\n\n", "text/event-stream")
        else:
            self.answer_json({})


class FakeLlm:
    """Serves from the constructor on, until close()."""

    def __init__(self):
        self.requests = []
        self.uses = []
        self.arrived = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.llm = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.may_answer.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def hold(self):
        self.may_answer.clear()

    def release(self):
        self.may_answer.set()

    def use(self, name, **given):
        self.uses.append((name, given))

    def anthropic(self, model, asked):
        offered = [tool.get("name") for tool in asked.get("tools", [])]
        if self.uses and self.uses[0][0] in offered:
            return anthropic_use(model, *self.uses.pop(0))
        return anthropic_events(model)

    def results(self):
        blocks = [block for body in self.requests for message in json.loads(body)["messages"]
                  for block in message["content"] if isinstance(block, dict)]
        return {json.dumps(block["content"]) for block in blocks if block["type"] == "tool_result"}

    def prompted(self, body):
        self.requests.append(body)
        self.arrived.set()
        self.may_answer.wait(120)

    def prompts(self):
        """Everything that the agent has sent so far."""
        return "\n".join(self.requests)
