const WebSocket = require("ws");
const http = require("http");

const API_KEY = process.env.API_KEY;
const ADDRESS = process.env.ADDRESS;
const STREAM_URL = process.env.STREAM_URL;

const url = new URL(`${ADDRESS}/v2/speech-to-text/transcription`);
url.searchParams.set("transcription_engine", "Deepgram");
url.searchParams.set("model", "nova-3");
url.searchParams.set("input_format", "mp3");
url.searchParams.set("interim_results", "true");

const ws = new WebSocket(url.toString(), {
  headers: { Authorization: `Bearer ${API_KEY}` },
});

ws.on("open", () => {
  http.get(STREAM_URL, (radio) => {
    radio.on("data", (chunk) => {
      if (ws.readyState === WebSocket.OPEN) {
        ws.send(chunk);
      }
    });
  });
});

ws.on("message", (data) => {
  const message = JSON.parse(data);
  const transcript = message.transcript || "";
  if (!transcript) return;
  const kind = message.is_final ? "FINAL" : "partial";
  console.log(`[${kind}] ${transcript}`);
});

ws.on("error", (error) => console.error("Error:", error.message));
