// Ask a published policy of a GymCC server for a decision.
//
// An example, C# 8, no package; compiled and run with .NET Core 3.1 by hand, where CI compiles and runs those in C, C++
// and OCaml:
//
//     using var client = new Gymcc.Client("unix:///run/gymcc.sock");
//     (int action, float[] scores) = client.Decide("jitcse", observation, mask);
//
// Every call ends within the client's time limit; what fails throws GymccException, which says what was asked, of whom,
// and what the server wrote. A client is for one thread.
#nullable enable
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Gymcc
{
    public sealed class GymccException : Exception
    {
        public GymccException(string message, Exception? cause = null) : base(message, cause) { }
    }

    public sealed class Client : IDisposable
    {
        private readonly string address;
        private readonly int milliseconds;
        private Socket? socket;
        private BufferedStream? stream;

        // `address`: host:port or unix://path; null: the environment variable SSDB says it.
        public Client(string? address = null, double seconds = 5.0)
        {
            this.address = address ?? Environment.GetEnvironmentVariable("SSDB")
                ?? throw new GymccException("no address: give one, or set SSDB to host:port or unix://path");
            milliseconds = (int)(seconds * 1000);
            Command("PING");
        }

        public void Dispose()
        {
            stream?.Dispose();
            socket?.Dispose();
            stream = null;
            socket = null;
        }

        // The legal action with the highest score, and all scores. Put, run and get go in one request.
        public (int Action, float[] Scores) Decide(string policy, float[] observation, bool[] mask)
        {
            var legal = Array.ConvertAll(mask, each => each ? 1f : 0f);
            var words = new List<object> { "AI.DAGEXECUTE", "ROUTING", policy, "TIMEOUT", milliseconds.ToString() };
            AddTensor(words, "i0", observation);
            AddTensor(words, "i1", legal);
            words.AddRange(new object[]
                { "|>", "AI.MODELEXECUTE", policy, "INPUTS", "2", "i0", "i1", "OUTPUTS", "1", "o0" });
            words.AddRange(new object[] { "|>", "AI.TENSORGET", "o0", "META", "BLOB" });
            var tensor = Command(words.ToArray()) is object[] { Length: 4 } replies ? replies[3] : null;
            var blob = tensor is object[] { Length: 6 } parts ? parts[5] as byte[] : null;
            if (blob == null || blob.Length != 4 * mask.Length)
                throw new GymccException($"{address}: model {policy}: the answer is not a score of each action");
            var scores = new float[mask.Length];
            var best = 0;
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt32LittleEndian(blob.AsSpan(4 * i)));
                if (scores[i] > scores[best]) best = i;
            }
            return (best, scores);
        }

        // Any command; parts are string or byte[]. The reply is null, long, byte[], or an array of such.
        public object? Command(params object[] parts)
        {
            var what = $"{address}: {parts[0]}";
            try
            {
                Connect();
                var request = new MemoryStream();
                Write(request, $"*{parts.Length}\r\n");
                foreach (var part in parts)
                {
                    var data = part as byte[] ?? Encoding.UTF8.GetBytes((string)part);
                    Write(request, $"${data.Length}\r\n");
                    request.Write(data, 0, data.Length);
                    Write(request, "\r\n");
                }
                stream!.Write(request.GetBuffer(), 0, (int)request.Length);
                stream.Flush();
                return Refused(what, Read());
            }
            catch (Exception error) when (error is IOException || error is SocketException
                || error is FormatException || error is OverflowException)
            {
                Dispose(); // requests and replies are out of step
                throw new GymccException($"{what}: {error.Message}", error);
            }
        }

        private sealed class Refusal
        {
            public readonly string Text;
            public Refusal(string text) => Text = text;
        }

        // The reply, unless it is a refusal or holds one.
        private static object? Refused(string what, object? reply)
        {
            if (reply is Refusal refusal) throw new GymccException($"{what}: {refusal.Text}");
            if (reply is object[] items)
                foreach (var item in items) Refused(what, item);
            return reply;
        }

        private void Connect()
        {
            if (socket is { Connected: true }) return;
            Dispose();
            if (address.StartsWith("unix://"))
            {
                socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Connect(new UnixDomainSocketEndPoint(address.Substring(7)));
            }
            else
            {
                var colon = address.LastIndexOf(':');
                if (colon < 1) throw new FormatException("no address; allowed: host:port, unix://path");
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(address.Substring(0, colon), int.Parse(address.Substring(colon + 1)));
            }
            socket.SendTimeout = socket.ReceiveTimeout = milliseconds;
            stream = new BufferedStream(new NetworkStream(socket, ownsSocket: false), 65536);
        }

        private static void Write(Stream request, string text)
        {
            var data = Encoding.UTF8.GetBytes(text);
            request.Write(data, 0, data.Length);
        }

        private static void AddTensor(List<object> words, string key, float[] row)
        {
            var blob = new byte[4 * row.Length];
            for (var i = 0; i < row.Length; i++)
                BinaryPrimitives.WriteInt32LittleEndian(blob.AsSpan(4 * i), BitConverter.SingleToInt32Bits(row[i]));
            words.AddRange(new object[]
                { "|>", "AI.TENSORSET", key, "FLOAT", "1", row.Length.ToString(), "BLOB", blob });
        }

        private object? Read()
        {
            var line = ReadLine();
            var rest = line.Substring(1);
            switch (line[0])
            {
                case '+': return Encoding.UTF8.GetBytes(rest);
                case '-': return new Refusal(rest);
                case ':': return long.Parse(rest);
                case '$':
                    var size = int.Parse(rest);
                    return size < 0 ? null : ReadExactly(size + 2).AsSpan(0, size).ToArray();
                case '*':
                    var count = int.Parse(rest);
                    if (count < 0) return null;
                    var items = new object?[count];
                    for (var i = 0; i < count; i++) items[i] = Read();
                    return items;
                default: throw new FormatException("the server does not speak RESP");
            }
        }

        private string ReadLine()
        {
            var line = new StringBuilder();
            for (;;)
            {
                var letter = stream!.ReadByte();
                if (letter < 0) throw new IOException("the server closed the connection");
                if (letter == '\n' && line.Length > 1 && line[line.Length - 1] == '\r')
                    return line.ToString(0, line.Length - 1);
                line.Append((char)letter);
            }
        }

        private byte[] ReadExactly(int size)
        {
            var data = new byte[size];
            for (var at = 0; at < size;)
            {
                var got = stream!.Read(data, at, size - at);
                if (got == 0) throw new IOException("the server closed the connection");
                at += got;
            }
            return data;
        }
    }
}
