// Ask a published policy for a decision; with Gymcc.cs in a console project:
//
//     dotnet run -- ADDRESS POLICY < state
//
// `state`: how many numbers the observation has, those, how many actions there are, and 1 or 0 for each, legal or not.
// It writes the action's number and the scores of all. Example only, see Gymcc.cs.
#nullable enable
using System;
using System.Globalization;
using System.Linq;

internal static class Decide
{
    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: Decide ADDRESS POLICY < COUNT OBSERVATION... COUNT MASK...");
            return 2;
        }
        float[] numbers;
        int size, actions;
        try
        {
            numbers = Console.In.ReadToEnd().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Select(word => float.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            size = (int)numbers[0];
            actions = (int)numbers[1 + size];
            if (actions < 1 || numbers.Length != 2 + size + actions) throw new FormatException();
        }
        catch (Exception error) when (error is FormatException || error is IndexOutOfRangeException)
        {
            Console.Error.WriteLine("the input is not COUNT OBSERVATION... COUNT MASK...");
            return 1;
        }
        var observation = numbers.Skip(1).Take(size).ToArray();
        var mask = numbers.Skip(2 + size).Select(each => each != 0).ToArray();
        try
        {
            using var client = new Gymcc.Client(arguments[0]);
            var (action, scores) = client.Decide(arguments[1], observation, mask);
            Console.WriteLine(action);
            foreach (var score in scores) Console.WriteLine(score.ToString("G9", CultureInfo.InvariantCulture));
            return 0;
        }
        catch (Gymcc.GymccException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }
}
