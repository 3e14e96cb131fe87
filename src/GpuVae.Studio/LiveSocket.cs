using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using GpuVae.Imaging;
using Microsoft.AspNetCore.Routing;

namespace GpuVae.Studio;

/// <summary>
/// The way of a slider to its picture. A client sends positions as they come, as JSON text; of those that wait the newest is decoded and
/// all others are forgotten, so the picture never lags behind by more than one computation, and the last position always gets its own.
/// A frame is binary: <see cref="HeaderBytes"/> bytes, then rows of pixels, one byte each (grey) or four (RGBA).
/// </summary>
internal static class LiveSocket
{
    /// <summary>
    /// Little-endian: the position's number, width, height, bytes of a pixel; then microseconds: of waiting for its turn, of the
    /// computation, of making the pixels.
    /// </summary>
    public const int HeaderBytes = 28;

    private const int MostMessageBytes = 1 << 16, BusyMilliseconds = 20;

    public static void Map(IEndpointRouteBuilder routes, Workshop workshop, Failures failures) =>
        routes.MapGet("/api/live", async (HttpContext context) =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
                throw new BadInputException("This is a WebSocket: the page sends positions and gets frames.");
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            var newest = Channel.CreateBounded<Message>(
                new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });
            Task answers = Answer(socket, newest.Reader, workshop, failures, stop.Token);
            try
            {
                while (await Receive(socket, context.RequestAborted) is { } message)
                    newest.Writer.TryWrite(new Message(message, Stopwatch.GetTimestamp()));
                // What was asked for last is still answered, if anybody listens.
                newest.Writer.Complete();
                await answers;
                if (socket.State is WebSocketState.CloseReceived)
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            }
            catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException)
            {
                // The client is gone.
            }
            finally
            {
                await stop.CancelAsync();
                await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }).ExcludeFromDescription();

    private static async Task Answer(
        WebSocket socket, ChannelReader<Message> positions, Workshop workshop, Failures failures, CancellationToken stop)
    {
        await foreach (Message message in positions.ReadAllAsync(stop))
        {
            long? id = null;
            try
            {
                Position position = JsonSerializer.Deserialize<Position>(message.Content, StudioJson.Options)
                    ?? throw new BadInputException("A position is an object.");
                id = position.Id;
                byte[] frame = await Show(position, message.Received, workshop, stop);
                await socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, stop);
            }
            catch (Exception error) when (error is not (OperationCanceledException or WebSocketException))
            {
                string text = error is JsonException ? error.Message : failures.MessageOf(error);
                byte[] refusal = JsonSerializer.SerializeToUtf8Bytes(new Refusal(id, text), StudioJson.Options);
                await socket.SendAsync(refusal, WebSocketMessageType.Text, endOfMessage: true, stop);
            }
        }
    }

    /// <summary>The position's frame; however much there is to do, it gets its turn: a page waits for one frame at a time.</summary>
    private static async Task<byte[]> Show(Position position, long received, Workshop workshop, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await (position.Attributes is { Count: > 0 }
                    ? workshop.Learn(position.Run, (open, inside) => Frame(open, position, received, inside), stop)
                    : workshop.Use(position.Run, (open, inside) => Frame(open, position, received, inside), stop));
            }
            catch (ModelBusyException)
            {
                await Task.Delay(BusyMilliseconds, stop);
            }
        }
    }

    private static byte[] Frame(OpenRun open, Position position, long received, CancellationToken stop)
    {
        long began = Stopwatch.GetTimestamp();
        Vae model = open.Model;
        Requests.RequireLength(model, position.Code);
        float[] code = position.Code;
        if (position.Attributes is { Count: > 0 } attributes)
        {
            IEnumerable<AttributeEdit> edits = attributes.Select(pair => new AttributeEdit(pair.Key, pair.Value));
            float[] change = open.Attributes(stop).Changes(code, edits);
            code = [.. code.Zip(change, (value, by) => value + by)];
        }
        ImageShape shape = model.Options.Shape;
        float[] image = new float[shape.Pixels];
        model.Decode(code, image, Requests.Labels(model, position.Label, 1), stop);
        long decoded = Stopwatch.GetTimestamp();
        int area = shape.Width * shape.Height, depth = shape.Channels < 3 ? 1 : 4;
        byte[] frame = new byte[HeaderBytes + area * depth];
        byte[] planar = ImageGrid.ToBytes(image);
        Span<byte> pixels = frame.AsSpan(HeaderBytes);
        if (depth == 1)
            planar.AsSpan(0, area).CopyTo(pixels);
        else
            for (int i = 0; i < area; i++)
                (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]) =
                    (planar[i], planar[area + i], planar[2 * area + i], byte.MaxValue);
        ReadOnlySpan<int> header =
        [
            position.Id, shape.Width, shape.Height, depth, Microseconds(received, began), Microseconds(began, decoded),
            Microseconds(decoded, Stopwatch.GetTimestamp()),
        ];
        for (int i = 0; i < header.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4 * i), header[i]);
        return frame;

        static int Microseconds(long from, long to) =>
            (int)Math.Min(int.MaxValue, Stopwatch.GetElapsedTime(from, to).TotalMicroseconds);
    }

    /// <summary>A whole message, or null where the client closes, or sends more than a position can be.</summary>
    private static async Task<byte[]?> Receive(WebSocket socket, CancellationToken stop)
    {
        byte[] buffer = new byte[4096];
        for (int length = 0; ;)
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(length), stop);
            length += received.Count;
            if (received.MessageType == WebSocketMessageType.Close)
                return null;
            if (received.EndOfMessage)
                return buffer[..length];
            if (length == MostMessageBytes)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.MessageTooBig, "A position is not that long.", stop);
                return null;
            }
            if (length == buffer.Length)
                Array.Resize(ref buffer, 2 * length);
        }
    }

    /// <param name="Content">JSON.</param>
    /// <param name="Received">A time stamp.</param>
    private readonly record struct Message(byte[] Content, long Received);

    /// <param name="Id">Comes back with the frame.</param>
    /// <param name="Code">A number for each latent unit.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Label">Of a conditional model.</param>
    /// <param name="Attributes">Strengths by name, on top of the code.</param>
    private sealed record Position(
        int Id, float[] Code, string? Run = null, string? Label = null, Dictionary<string, double>? Attributes = null);

    /// <param name="Id">The position's number, where it could be read.</param>
    /// <param name="Error">One message.</param>
    private sealed record Refusal(long? Id, string Error);
}
