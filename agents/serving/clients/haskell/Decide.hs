-- | Ask a published policy of a GymCC server for a decision.
--
-- An example: compiled with GHC 9.0.2 and network 3.1.2 and tried when it was written, but CI, which compiles the
-- clients in C, C++ and OCaml, has no GHC. Needs base, bytestring and network (>= 3.1):
--
-- > ghc -O2 -package bytestring -package network Decide.hs
-- > Decide unix:///run/gymcc.sock POLICY < state
--
-- @state@: how many numbers the observation has, those, how many actions there are, and 1 or 0 for each, legal or not.
-- It writes the action's number and the scores of all.
module Main (main) where

import Control.Exception (bracket, throwIO)
import qualified Data.ByteString as B
import qualified Data.ByteString.Builder as BB
import qualified Data.ByteString.Char8 as C
import qualified Data.ByteString.Lazy as L
import Data.IORef (IORef, newIORef, readIORef, writeIORef)
import Data.List (isPrefixOf)
import GHC.Float (castWord32ToFloat)
import Network.Socket
import Network.Socket.ByteString (recv, sendAll)
import System.Environment (getArgs)
import System.IO (hPutStrLn, stderr)
import System.Timeout (timeout)

-- * The connection

-- | A socket and what has been read from it but not yet used.
data Client = Client Socket (IORef B.ByteString)

data Reply
  = Nil
  | Text B.ByteString
  | Number Int
  | Array [Reply]
  | Refusal B.ByteString

-- | Run an action with a connection to @host:port@ or @unix://path@.
withClient :: String -> (Client -> IO a) -> IO a
withClient address use = bracket open close $ \sock -> newIORef B.empty >>= use . Client sock
  where
    open
      | "unix://" `isPrefixOf` address = do
          sock <- socket AF_UNIX Stream defaultProtocol
          connect sock (SockAddrUnix (drop 7 address))
          pure sock
      | otherwise = do
          let (port, host) = break (== ':') (reverse address)
              hints = defaultHints {addrSocketType = Stream}
          info : _ <- getAddrInfo (Just hints) (Just (reverse (drop 1 host))) (Just (reverse port))
          sock <- openSocket info
          setSocketOption sock NoDelay 1
          connect sock (addrAddress info)
          pure sock

-- | One command, its parts as bulk strings.
encode :: [B.ByteString] -> L.ByteString
encode parts = BB.toLazyByteString (header '*' (length parts) <> foldMap part parts)
  where
    header sign n = BB.char7 sign <> BB.intDec n <> BB.string7 "\r\n"
    part text = header '$' (B.length text) <> BB.byteString text <> BB.string7 "\r\n"

-- | The reply to one command; a refusal, also one within an array, is an error with the server's words.
command :: Client -> [B.ByteString] -> IO Reply
command client@(Client sock _) parts = do
  sendAll sock (L.toStrict (encode parts))
  reply <- parse client
  check reply
  pure reply
  where
    check (Refusal text) = failure (C.unpack text)
    check (Array items) = mapM_ check items
    check _ = pure ()

failure :: String -> IO a
failure = throwIO . userError

-- | At least one more byte.
refill :: Client -> IO ()
refill (Client sock buffer) = do
  more <- recv sock 65536
  if B.null more then failure "the server closed the connection" else do
    old <- readIORef buffer
    writeIORef buffer (old <> more)

-- | The next @n@ bytes.
takeBytes :: Client -> Int -> IO B.ByteString
takeBytes client@(Client _ buffer) n = do
  have <- readIORef buffer
  if B.length have < n then refill client >> takeBytes client n else do
    let (result, rest) = B.splitAt n have
    writeIORef buffer rest
    pure result

line :: Client -> IO B.ByteString
line client@(Client _ buffer) = do
  (before, after) <- B.breakSubstring (C.pack "\r\n") <$> readIORef buffer
  if B.null after then refill client >> line client else do
    writeIORef buffer (B.drop 2 after)
    pure before

parse :: Client -> IO Reply
parse client = do
  header <- line client
  case C.uncons header of
    Just ('+', text) -> pure (Text text)
    Just ('-', text) -> pure (Refusal text)
    Just (':', digits) -> Number <$> number digits
    Just ('$', digits) -> number digits >>= \n ->
      if n < 0 then pure Nil else Text . B.take n <$> takeBytes client (n + 2)
    Just ('*', digits) -> number digits >>= \n ->
      if n < 0 then pure Nil else Array <$> mapM (const (parse client)) [1 .. n]
    _ -> failure "the server does not speak RESP"
  where
    number digits = case C.readInt digits of
      Just (n, rest) | B.null rest -> pure n
      _ -> failure "the server does not speak RESP"

-- * Decisions

-- | The words of AI.TENSORSET for a row of 32-bit numbers, little-endian.
tensorSet :: String -> [Float] -> [B.ByteString]
tensorSet key row =
  map C.pack ["AI.TENSORSET", key, "FLOAT", "1", show (length row), "BLOB"]
    ++ [L.toStrict (BB.toLazyByteString (foldMap BB.floatLE row))]

-- | The best action and the scores of all: one request, in which put, run and get go together.
decide :: Client -> String -> [Float] -> [Float] -> IO (Int, [Float])
decide client policy observation mask = do
  reply <- command client graph
  case reply of
    Array replies | Array [_, _, _, _, _, Text blob] : _ <- reverse replies, B.length blob == 4 * length mask -> do
      let scores = map (castWord32ToFloat . word blob) [0 .. length mask - 1]
      pure (negate (snd (maximum (zip scores [0, -1 ..]))), scores)
    _ -> failure "the answer is not a score of each action"
  where
    graph = map C.pack ["AI.DAGEXECUTE", "ROUTING", policy, "TIMEOUT", "5000"] ++ concatMap (C.pack "|>" :) steps
    steps =
      [ tensorSet "i0" observation
      , tensorSet "i1" mask
      , map C.pack ["AI.MODELEXECUTE", policy, "INPUTS", "2", "i0", "i1", "OUTPUTS", "1", "o0"]
      , map C.pack ["AI.TENSORGET", "o0", "META", "BLOB"]
      ]
    word blob i = foldr (\byte rest -> fromIntegral byte + 256 * rest) 0 (B.unpack (B.take 4 (B.drop (4 * i) blob)))

-- * The program

-- | Two lists of numbers, each after its length.
state :: [Float] -> Maybe ([Float], [Float])
state numbers = do
  (observation, rest) <- counted numbers
  (mask, _) <- counted rest
  pure (observation, mask)
  where
    counted (n : rest) | length rest >= truncate n = Just (splitAt (truncate n) rest)
    counted _ = Nothing

main :: IO ()
main = do
  arguments <- getArgs
  numbers <- map read . words <$> getContents
  case (arguments, state numbers) of
    ([address, policy], Just (observation, mask)) -> do
      done <- timeout 5000000 (withClient address (\client -> decide client policy observation mask))
      case done of
        Just (action, scores) -> print action >> mapM_ print scores
        Nothing -> failure (address ++ ": no answer within 5 s")
    _ -> hPutStrLn stderr "usage: Decide ADDRESS POLICY < COUNT OBSERVATION... COUNT MASK..."
