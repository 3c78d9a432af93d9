// wherry completion SHELL: a completion script, made from the commands' own options.
#include <fmt/core.h>

#include "cli/command.h"

namespace wherry::cli {
namespace {

/// The option names of a command, "--dir --env ...".
std::string option_words(const Command& command) {
  std::function<int()> action;
  auto app = make_app(command, action);
  std::string words;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
  }
  return words;
}

std::string command_names() {
  std::string words;
  for (const Command& command : commands()) words += std::string(command.name) + " ";
  return words + "help version";
}

void print_bash() {
  fmt::print(
      "# bash completion for wherry: source <(wherry completion bash)\n_wherry() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '{}' -f -- \"$word\")); return\n  fi\n"
      "  local options=\n  case ${{COMP_WORDS[1]}} in\n",
      command_names());
  for (const Command& command : commands())
    fmt::print("    {}) options='{}' ;;\n", command.name, option_words(command));
  fmt::print(
      "  esac\n"
      "  case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
      "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}}\n"
      "complete -o filenames -F _wherry wherry\n");
}

void print_zsh() {
  fmt::print(
      "#compdef wherry\n# zsh completion for wherry: wherry completion zsh > \"${{fpath[1]}}/_wherry\"\n"
      "if (( CURRENT == 2 )); then\n  compadd {}\n  _files\n  return\nfi\ncase $words[2] in\n",
      command_names());
  for (const Command& command : commands()) {
    fmt::print("  {}) [[ $PREFIX == -* ]] && compadd -- {} ;;\n", command.name, option_words(command));
  }
  fmt::print("esac\n[[ $PREFIX == -* ]] || _files\n");
}

void print_fish() {
  fmt::print("# fish completion for wherry: wherry completion fish | source\n");
  for (const Command& command : commands()) {
    fmt::print("complete -c wherry -n __fish_use_subcommand -a {} -d '{}'\n", command.name, command.summary);
    std::function<int()> action;
    auto app = make_app(command, action);
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        fmt::print("complete -c wherry -n '__fish_seen_subcommand_from {}' -l {}\n", command.name, name);
      }
    }
  }
}

std::function<int()> configure(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [shell] {
    if (*shell == "bash") print_bash();
    if (*shell == "zsh") print_zsh();
    if (*shell == "fish") print_fish();
    return 0;
  };
}

}  // namespace

const Command kCompletionCommand = {
    "completion", "bash|zsh|fish", "print a shell completion script", "Example:\n  source <(wherry completion bash)\n",
    configure,
};

}  // namespace wherry::cli
